#!/usr/bin/env python3
"""The template that `perch template env --profile branch` prints for bench/template/perch.yaml, built with troposphere.

troposphere_env.py                 prints it, as JSON
troposphere_env.py --same FILE     whether perch's JSON in FILE says the same
troposphere_env.py --time LOOPS    microseconds for one, built and printed: the median and the fastest of LOOPS"""

import json
import statistics
import sys
import time

from troposphere import GetAtt, ImportValue, Join, Output, Ref, Sub, Template
from troposphere import ec2, elasticbeanstalk as eb, iam, rds, s3, secretsmanager

BRANCH, APP = "example", "shop"
HOST = "example.preview.example.com"
COMMIT, SETTINGS_HASH = "0" * 40, "0" * 64
PLATFORM = "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux 2023/0.0.0"
IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging@sha256:" + "0" * 64
PASSWORD = "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"


def shared(name):
    return ImportValue(f"perch:{APP}:staging:{name}")


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def add_network(template):
    group = template.add_resource(ec2.SecurityGroup("AppGroup", GroupDescription=f"Instances of {APP}", VpcId=shared("Vpc")))
    template.add_resource(ec2.SecurityGroupIngress(
        "AppIngress", Description="The load balancer", GroupId=GetAtt(group, "GroupId"), IpProtocol="tcp", FromPort=80, ToPort=80,
        SourceSecurityGroupId=shared("LoadBalancerGroup")))
    return group


def add_bucket(template):
    bucket = template.add_resource(s3.Bucket(
        "Bucket", DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True,
                                                                         RestrictPublicBuckets=True),
        OwnershipControls=s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[s3.ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))]),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=s3.LifecycleConfiguration(Rules=[s3.LifecycleRule(
            Id="OldVersions", Status="Enabled", ExpiredObjectDeleteMarker=True,
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1))])))
    template.add_resource(s3.BucketPolicy("BucketPolicy", Bucket=Ref(bucket), PolicyDocument=policy(
        {"Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [Sub("${Bucket.Arn}"), Sub("${Bucket.Arn}/*")],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}})))
    return bucket


def add_database(template, app_group):
    group = template.add_resource(ec2.SecurityGroup("DatabaseGroup", GroupDescription=f"Database of {APP}", VpcId=shared("Vpc")))
    template.add_resource(ec2.SecurityGroupIngress(
        "DatabaseIngress", Description="The app", GroupId=GetAtt(group, "GroupId"), IpProtocol="tcp", FromPort=5432, ToPort=5432,
        SourceSecurityGroupId=GetAtt(app_group, "GroupId")))
    template.add_resource(secretsmanager.Secret(
        "DatabaseSecret", DeletionPolicy="Delete", UpdateReplacePolicy="Delete", Description=f"Password of the database of {APP}",
        GenerateSecretString=secretsmanager.GenerateSecretString(SecretStringTemplate='{"username":"app"}', GenerateStringKey="password",
                                                                 PasswordLength=32, ExcludePunctuation=True)))
    return template.add_resource(rds.DBInstance(
        "Database", DeletionPolicy="Delete", UpdateReplacePolicy="Delete", Engine="postgres", EngineVersion="16", DBInstanceClass="db.t4g.micro",
        DBName="app", MasterUsername="app", MasterUserPassword=Sub(PASSWORD), AllocatedStorage="20", StorageType="gp3", StorageEncrypted=True,
        MultiAZ=False, DBSubnetGroupName=shared("DatabaseSubnets"), VPCSecurityGroups=[GetAtt(group, "GroupId")], PubliclyAccessible=False,
        BackupRetentionPeriod=0, DeleteAutomatedBackups=True, CopyTagsToSnapshot=True, DeletionProtection=False, AutoMinorVersionUpgrade=True))


def add_role(template, bucket):
    statements = [
        allow(["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"], [GetAtt(bucket, "Arn")]),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], [Sub("${Bucket.Arn}/*")]),
        allow(["s3:GetObject"], [Join("", [Sub("arn:${AWS::Partition}:s3:::"), shared("VersionsBucket"), "/bundles/shop/example-5bxdd373wsaw/*"])]),
        allow(["s3:PutObject"],
              [Sub("arn:${AWS::Partition}:s3:::elasticbeanstalk-${AWS::Region}-${AWS::AccountId}/resources/environments/logs/*")]),
        allow(["ecr:GetAuthorizationToken", "elasticbeanstalk:PutInstanceStatistics"], ["*"]),
        allow(["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], [shared("RepositoryArn")]),
        allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:DescribeLogGroups",
               "logs:PutRetentionPolicy"], [Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/elasticbeanstalk/*")]),
        allow(["ssm:GetParameter", "ssm:GetParameters"], [shared("Removed")]),
    ]
    role = template.add_resource(iam.Role(
        "InstanceRole", Description=f"Instances of {APP}, {BRANCH}",
        AssumeRolePolicyDocument=policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}),
        PermissionsBoundary=shared("Boundary"), Policies=[iam.Policy(PolicyName="Environment", PolicyDocument=policy(*statements))]))
    return template.add_resource(iam.InstanceProfile("InstanceProfile", Roles=[Ref(role)]))


def options(app_group, bucket, profile):
    """Namespaces, each with its options."""
    return {
        "aws:elasticbeanstalk:environment": {"EnvironmentType": "LoadBalanced", "LoadBalancerType": "application", "LoadBalancerIsShared": "true",
                                             "ServiceRole": shared("ServiceRole")},
        "aws:elbv2:loadbalancer": {"SharedLoadBalancer": shared("LoadBalancer")},
        "aws:elbv2:listener:443": {"Rules": "perch"},
        "aws:elbv2:listenerrule:perch": {"HostHeaders": HOST, "PathPatterns": "/*", "Process": "default", "Priority": "1"},
        "aws:elasticbeanstalk:environment:process:default": {
            "Port": "80", "Protocol": "HTTP", "HealthCheckPath": "/", "MatcherHTTPCode": "200-499", "HealthCheckInterval": "15",
            "HealthCheckTimeout": "5", "HealthyThresholdCount": "3", "UnhealthyThresholdCount": "5", "DeregistrationDelay": "20",
            "StickinessEnabled": "false"},
        "aws:elasticbeanstalk:healthreporting:system": {"SystemType": "enhanced"},
        "aws:ec2:instances": {"InstanceTypes": "t3.micro", "SupportedArchitectures": "x86_64", "EnableSpot": "false", "SpotFleetOnDemandBase": "0",
                              "SpotFleetOnDemandAboveBasePercentage": "70"},
        "aws:autoscaling:launchconfiguration": {
            "IamInstanceProfile": Ref(profile), "SecurityGroups": GetAtt(app_group, "GroupId"), "DisableDefaultEC2SecurityGroup": "true",
            "DisableIMDSv1": "true", "RootVolumeType": "gp3", "RootVolumeSize": "16"},
        "aws:ec2:vpc": {"VPCId": shared("Vpc"), "Subnets": shared("PublicSubnets"), "ELBSubnets": shared("PublicSubnets"), "ELBScheme": "public",
                        "AssociatePublicIpAddress": "true"},
        "aws:autoscaling:asg": {"MinSize": "1", "MaxSize": "1", "Cooldown": "360"},
        "aws:autoscaling:trigger": {"MeasureName": "CPUUtilization", "Statistic": "Average", "Unit": "Percent", "LowerThreshold": "20",
                                    "UpperThreshold": "70"},
        "aws:elasticbeanstalk:command": {"DeploymentPolicy": "AllAtOnce", "BatchSizeType": "Percentage", "BatchSize": "100", "Timeout": "1800",
                                         "IgnoreHealthCheck": "false"},
        "aws:autoscaling:updatepolicy:rollingupdate": {"RollingUpdateEnabled": "false", "RollingUpdateType": "Health", "MaxBatchSize": "1",
                                                       "MinInstancesInService": "0"},
        "aws:elasticbeanstalk:environment:proxy": {"ProxyServer": "nginx"},
        "aws:elasticbeanstalk:managedactions": {"ManagedActionsEnabled": "false"},
        "aws:elasticbeanstalk:cloudwatch:logs": {"StreamLogs": "true", "DeleteOnTerminate": "true", "RetentionInDays": "3"},
        "aws:elasticbeanstalk:application:environment": {
            "AWS_REGION": Ref("AWS::Region"), "BUCKET": Ref(bucket),
            "DATABASE_URL": Sub("postgres://app:" + PASSWORD + "@${Database.Endpoint.Address}:${Database.Endpoint.Port}/app"),
            "PERCH_BRANCH": BRANCH, "PERCH_COMMIT": COMMIT, "PERCH_URL": "https://" + HOST, "PORT": "8000"},
    }


def build():
    template = Template(Description=f"perch: {APP}, environment {BRANCH}")
    template.set_version("2010-09-09")
    template.set_metadata({"perch": {"app": APP, "branch": BRANCH, "profile": "branch", "application": "staging"}})
    group = add_network(template)
    bucket = add_bucket(template)
    database = add_database(template, group)
    profile = add_role(template, bucket)
    version = template.add_resource(eb.ApplicationVersion(
        "Version", ApplicationName=shared("Application"), Description=f"commit {COMMIT}",
        SourceBundle=eb.SourceBundle(S3Bucket=shared("VersionsBucket"),
                                     S3Key="bundles/shop/example-5bxdd373wsaw/ca06f9bee48598f4fb11d0193abdc8796b7c2bef.zip")))
    environment = template.add_resource(eb.Environment(
        "Environment", DependsOn=["AppIngress", "DatabaseIngress"],
        Metadata={"perch": {"commit": COMMIT, "tree": COMMIT, "settings_hash": SETTINGS_HASH, "generation": "0"}},
        ApplicationName=shared("Application"), Description=f"{APP}, {BRANCH}", PlatformArn=PLATFORM, VersionLabel=Ref(version),
        OptionSettings=[eb.OptionSetting(Namespace=namespace, OptionName=name, Value=value)
                        for namespace, values in options(group, bucket, profile).items() for name, value in values.items()]))
    outputs = {
        "Url": ("Where people open it", "https://" + HOST), "Host": ("Fixed once made", HOST),
        "Branch": ("The full name, not encoded", BRANCH), "Environment": ("Beanstalk's name of the environment", Ref(environment)),
        "Endpoint": ("Of the load balancer", GetAtt(environment, "EndpointURL")), "Version": ("Beanstalk's label of what runs", Ref(version)),
        "Image": ("What runs, by digest", IMAGE), "PlatformArn": ("Found out once, then kept", PLATFORM),
        "Bucket": ("The environment's own files", Ref(bucket)),
        "DatabaseEndpoint": ("Reached from the app only", Join(":", [GetAtt(database, "Endpoint.Address"), GetAtt(database, "Endpoint.Port")])),
        "DatabaseSecret": ("Holds its password", Ref("DatabaseSecret")), "Commit": ("What runs", COMMIT), "Tree": ("Of the commit", COMMIT),
        "SettingsHash": ("What it runs with", SETTINGS_HASH), "Generation": ("Grows with each deployment; the fence", "0"),
        "EverWritten": ("What must be written on, or would be kept",
                        "AWS_REGION,BUCKET,DATABASE_URL,PERCH_BRANCH,PERCH_COMMIT,PERCH_URL,PORT"),
    }
    for name, (description, value) in outputs.items():
        template.add_output(Output(name, Description=description, Value=value))
    return template.to_json()


def sorted_options(document):
    document["Resources"]["Environment"]["Properties"]["OptionSettings"].sort(key=lambda one: (one["Namespace"], one["OptionName"]))
    return document


def different(one, other, path=""):
    """The places where two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [place for key in sorted(one.keys() | other.keys()) for place in different(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [place for i, pair in enumerate(zip(one, other)) for place in different(*pair, f"{path}[{i}]")]
    return [] if one == other else [path]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--same"]:
        with open(sys.argv[2], encoding="utf-8") as file:
            places = different(sorted_options(json.load(file)), sorted_options(json.loads(build())))
        print("the same document" if not places else "not the same: " + ", ".join(places))
    elif sys.argv[1:2] == ["--time"]:
        times = []
        for _ in range(int(sys.argv[2])):
            start = time.perf_counter()
            build()
            times.append((time.perf_counter() - start) * 1e6)
        print(f"{statistics.median(times):.0f} {min(times):.0f}")
    else:
        print(build())
