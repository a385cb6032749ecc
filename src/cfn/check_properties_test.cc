#include "cfn/check.h"
#include "cfn/check_testing.h"

namespace perch::cfn {
namespace {

const std::string kGroup = "'GroupDescription': 'x', 'VpcId': 'vpc-1'";
std::string Group(const std::string& more) { return Resource("AWS::EC2::SecurityGroup", kGroup + ", " + more); }
std::string Bucket(const std::string& properties) { return Resource("AWS::S3::Bucket", properties); }
const std::string kAt = "error Resources.R.Properties";

TEST(CheckProperties, NamesAndNeeds) {
  Expect({
      {"unknown",
       Bucket("'BucketNam': 'abc'"),
       {kAt + ".BucketNam: `BucketNam` is no property of AWS::S3::Bucket | Did you mean `BucketName`?"}},
      {"unknown, deeper",
       Bucket("'VersioningConfiguration': {'Status': 'Enabled', 'Mfa': true}"),
       {kAt + ".VersioningConfiguration.Mfa: `Mfa` is no property of `VersioningConfiguration` of AWS::S3::Bucket"}},
      {"wrong capitals",
       Bucket("'bucketname': 'abc'"),
       {kAt + ".bucketname: `bucketname` is no property of AWS::S3::Bucket | Did you mean `BucketName`?"}},
      {"missing",
       Resource("AWS::S3::BucketPolicy", "'Bucket': 'b'"),
       {kAt + ": AWS::S3::BucketPolicy needs `PolicyDocument`"}},
      {"missing without Properties",
       "{'Resources': {'R': {'Type': 'AWS::IAM::InstanceProfile'}}}",
       {kAt + ": AWS::IAM::InstanceProfile needs `Roles`"}},
      {"taken away",
       Resource("AWS::S3::BucketPolicy", "'Bucket': 'b', 'PolicyDocument': {'Ref': 'AWS::NoValue'}"),
       {kAt + ": AWS::S3::BucketPolicy needs `PolicyDocument`"}},
      {"missing, deeper",
       Bucket("'Tags': [{'Key': 'a'}]"),
       {kAt + ".Tags[0]: `Tags[0]` of AWS::S3::Bucket needs `Value`"}},
      {"only AWS sets it",
       Bucket("'Arn': 'x'"),
       {kAt + ".Arn: `Arn` of AWS::S3::Bucket is set by AWS | Take it out; `Fn::GetAtt` reads it."}},
  });
}

TEST(CheckProperties, Kinds) {
  Expect({
      {"a text for a list",
       Resource("AWS::IAM::InstanceProfile", "'Roles': 'r'"),
       {kAt + ".Roles: `Roles` of AWS::IAM::InstanceProfile is a list, not `r`"}},
      {"a list for a text",
       Bucket("'BucketName': ['abc']"),
       {kAt + ".BucketName: `BucketName` of AWS::S3::Bucket is a text, not a list"}},
      {"a map for a list",
       Group("'SecurityGroupIngress': {'IpProtocol': '-1'}"),
       {kAt + ".SecurityGroupIngress: `SecurityGroupIngress` of AWS::EC2::SecurityGroup is a list, not a map"}},
      {"a text for a map",
       Bucket("'VersioningConfiguration': 'Enabled'"),
       {kAt + ".VersioningConfiguration: `VersioningConfiguration` of AWS::S3::Bucket is a map, not `Enabled`"}},
      {"a word for a number",
       Resource("AWS::Logs::LogGroup", "'RetentionInDays': 'week'"),
       {kAt + ".RetentionInDays: `RetentionInDays` of AWS::Logs::LogGroup is a whole number, not `week`"}},
      {"a number for a truth",
       Resource("AWS::EC2::VPC", "'CidrBlock': '10.0.0.0/16', 'EnableDnsSupport': 1"),
       {kAt + ".EnableDnsSupport: `EnableDnsSupport` of AWS::EC2::VPC is true or false, not `1`"}},
      {"CloudFormation turns texts into what is wanted",
       Resource("AWS::EC2::VPC",
                "'CidrBlock': '10.0.0.0/16', 'EnableDnsSupport': 'true', 'Tags': [{'Key': 'a', 'Value': 5}]"),
       {}},
      {"and numbers", Resource("AWS::Logs::LogGroup", "'RetentionInDays': '7', 'LogGroupName': 5"), {}},
      {"a function that gives a text",
       Resource("AWS::IAM::InstanceProfile", "'Roles': {'Fn::Join': ['', ['r']]}"),
       {kAt + ".Roles: `Roles` of AWS::IAM::InstanceProfile is a list, and `Fn::Join` gives a text"}},
      {"a function that gives a list",
       Bucket("'BucketName': {'Fn::Split': ['-', 'a-b']}"),
       {kAt + ".BucketName: `BucketName` of AWS::S3::Bucket is a text, and `Fn::Split` gives a list"}},
      {"a Ref to a text for a map",
       Bucket("'VersioningConfiguration': {'Ref': 'AWS::Region'}"),
       {kAt +
        ".VersioningConfiguration: `VersioningConfiguration` of AWS::S3::Bucket is a map, and `Ref` gives a text"}},
      {"each way of an If",
       "{'Conditions': {'C': {'Fn::Equals': ['a', 'b']}}, 'Resources': {'R': {'Type': 'AWS::Logs::LogGroup', "
       "'Properties': {'LogGroupClass': {'Fn::If': ['C', 'CHEAP', {'Fn::If': ['C', ['x'], {'Ref': "
       "'AWS::NoValue'}]}]}}}}}",
       {kAt + ".LogGroupClass.Fn::If[1]: `CHEAP` is no value of `LogGroupClass.Fn::If[1]` of AWS::Logs::LogGroup | One "
              "of: STANDARD, "
              "INFREQUENT_ACCESS, DELIVERY.",
        kAt + ".LogGroupClass.Fn::If[2].Fn::If[1]: `LogGroupClass.Fn::If[2].Fn::If[1]` of AWS::Logs::LogGroup is a "
              "text, not a list"}},
  });
}

TEST(CheckProperties, Limits) {
  Expect({
      {"enumeration",
       Bucket("'VersioningConfiguration': {'Status': 'enabled'}"),
       {kAt + ".VersioningConfiguration.Status: `enabled` is no value of `VersioningConfiguration.Status` of "
              "AWS::S3::Bucket | Did you "
              "mean `Enabled`?"}},
      {"enumeration, nothing near",
       Bucket("'VersioningConfiguration': {'Status': 'yes'}"),
       {kAt + ".VersioningConfiguration.Status: `yes` is no value of `VersioningConfiguration.Status` of "
              "AWS::S3::Bucket | One of: "
              "Enabled, Suspended."}},
      {"pattern",
       Resource("AWS::IAM::Role", "'AssumeRolePolicyDocument': {}, 'RoleName': 'a b'"),
       {kAt + ".RoleName: `a b` does not fit `RoleName` of AWS::IAM::Role | It must match ^[\\w+=,.@-]+$"}},
      {"too long",
       Resource("AWS::IAM::Role", "'AssumeRolePolicyDocument': {}, 'RoleName': '" + std::string(65, 'a') + "'"),
       {kAt + ".RoleName: `RoleName` of AWS::IAM::Role has 65 characters, and may have 64"}},
      {"too short",
       Resource("AWS::ElasticBeanstalk::Environment",
                "'ApplicationName': 'a', 'PlatformArn': 'x', 'EnvironmentName': 'abc'"),
       {kAt + ".EnvironmentName: `EnvironmentName` of AWS::ElasticBeanstalk::Environment has 3 characters, and needs "
              "at least 4"}},
      {"empty",
       Resource("AWS::ElasticBeanstalk::Application", "'ApplicationName': ''"),
       {kAt +
        ".ApplicationName: `ApplicationName` of AWS::ElasticBeanstalk::Application is empty, and needs at least 1"}},
      {"too small",
       Resource("AWS::EC2::SecurityGroupIngress",
                "'GroupId': 'g', 'CidrIp': '0.0.0.0/0', 'IpProtocol': 'icmp', 'FromPort': -2"),
       {kAt + ".FromPort: `FromPort` of AWS::EC2::SecurityGroupIngress is -2, and -1 is the least"}},
      {"too large",
       Resource("AWS::ElasticLoadBalancingV2::Listener",
                "'LoadBalancerArn': 'l', 'Port': 70000, 'Protocol': 'HTTP', "
                "'DefaultActions': [{'Type': 'forward'}]"),
       {kAt + ".Port: `Port` of AWS::ElasticLoadBalancingV2::Listener is 70000, and 65535 is the most"}},
      {"too few items",
       Resource("AWS::RDS::DBSubnetGroup", "'DBSubnetGroupDescription': 'x', 'SubnetIds': ['a'], 'Tags': []"),
       {}},
      {"twice the same",
       Resource("AWS::IAM::InstanceProfile", "'Roles': ['r', 'r']"),
       {kAt + ".Roles: `Roles` of AWS::IAM::InstanceProfile has 2 items, and 1 is the most",
        kAt + ".Roles[1]: `Roles[1]` of AWS::IAM::InstanceProfile is there already"}},
      {"a dynamic reference is anything",
       Resource("AWS::IAM::Role", "'AssumeRolePolicyDocument': {'Statement': []}, 'RoleName': '{{resolve:ssm:/a b}}'"),
       {}},
  });
}

TEST(CheckProperties, Relations) {
  const std::string record = "'Type': 'A', 'Name': 'a.example.com', 'TTL': 5, 'ResourceRecords': ['1.2.3.4']";
  Expect({
      {"both of one",
       Resource("AWS::Route53::RecordSet", record + ", 'HostedZoneId': 'Z', 'HostedZoneName': 'example.com.'"),
       {kAt + ": AWS::Route53::RecordSet takes only one of `HostedZoneId` and `HostedZoneName`"}},
      {"none of one",
       Resource("AWS::Route53::RecordSet", record),
       {kAt + ": AWS::Route53::RecordSet needs one of `HostedZoneId` and `HostedZoneName`"}},
      {"maybe one",
       "{'Conditions': {'C': {'Fn::Equals': [{'Ref': 'AWS::Region'}, 'b']}}, 'Resources': {'R': {'Type': "
       "'AWS::Route53::RecordSet', "
       "'Properties': {" +
           record +
           ", 'HostedZoneId': {'Fn::If': ['C', 'Z', {'Ref': 'AWS::NoValue'}]}, 'HostedZoneName': {'Fn::If': ['C', "
           "{'Ref': 'AWS::NoValue'}, 'example.com.']}}}}}",
       {}},
      {"one of several",
       Resource("AWS::IAM::Policy", "'PolicyName': 'p', 'PolicyDocument': {}"),
       {kAt + ": AWS::IAM::Policy needs one of `Users`, `Groups` and `Roles`"}},
      {"excludes the other",
       Resource("AWS::RDS::DBInstance", "'SourceDBInstanceIdentifier': 's', 'StorageEncrypted': true",
                ", 'DeletionPolicy': 'Delete', 'UpdateReplacePolicy': 'Delete'"),
       {kAt + ": AWS::RDS::DBInstance cannot have `StorageEncrypted` because it has `SourceDBInstanceIdentifier`"}},
      {"needs another",
       Resource("AWS::EC2::VPC", "'Ipv4NetmaskLength': 20, 'CidrBlock': '10.0.0.0/16'"),
       {kAt + ": AWS::EC2::VPC needs `Ipv4IpamPoolId` because it has `Ipv4NetmaskLength`"}},
  });
}

TEST(CheckProperties, Tags) {
  const auto tags = [](const std::string& list, const std::string& type = "AWS::S3::Bucket",
                       const std::string& more = "") { return Resource(type, more + "'Tags': " + list); };
  std::string many;
  for (int i = 0; i < 51; ++i)
    many += std::string(i ? ", " : "[") + "{'Key': 'k" + std::to_string(i) + "', 'Value': 'v'}";
  const std::string environment = "'ApplicationName': 'a', 'PlatformArn': 'p', ";
  Expect({
      {"too many", tags(many + "]"), {kAt + ".Tags: there are 51 tags, and 50 are the most"}},
      {"reserved",
       tags("[{'Key': 'aws:x', 'Value': 'v'}]"),
       {kAt + ".Tags[0]: the tag `aws:x` begins with `aws:`, which only AWS may use"}},
      {"twice",
       tags("[{'Key': 'a', 'Value': 'v'}, {'Key': 'a', 'Value': 'w'}]"),
       {kAt + ".Tags[1]: the tag `a` is there already"}},
      {"empty key",
       tags("[{'Key': '', 'Value': 'v'}]"),
       {kAt + ".Tags[0].Key: `Tags[0].Key` of AWS::S3::Bucket is empty, and needs at least 1"}},
      {"long value",
       tags("[{'Key': 'a', 'Value': '" + std::string(257, 'x') + "'}]"),
       {kAt + ".Tags[0].Value: `Tags[0].Value` of AWS::S3::Bucket has 257 characters, and may have 256"}},
      {"a map of tags",
       tags("{'aws:a': 'b'}", "AWS::SSM::Parameter", "'Type': 'String', 'Value': 'v', "),
       {kAt + ".Tags.aws:a: the tag `aws:a` begins with `aws:`, which only AWS may use"}},
      {"a character",
       tags("[{'Key': 'branch', 'Value': 'fix#1'}]", "AWS::ElasticBeanstalk::Environment", environment),
       {kAt + ".Tags[0]: the tag text `fix#1` has a character that Beanstalk refuses | It takes letters, digits, "
              "spaces and _ . : / = + - @."}},
      {"Beanstalk's own",
       tags("[{'Key': 'elasticbeanstalk:x', 'Value': 'v'}]", "AWS::ElasticBeanstalk::Environment", environment),
       {kAt + ".Tags[0]: the tag `elasticbeanstalk:x` begins with `elasticbeanstalk:`, which only Beanstalk may use"}},
      {"an unknown type",
       tags("[{'Key': 'a', 'Value': '" + std::string(257, 'x') + "'}]", "AWS::SQS::Queue"),
       {kAt + ".Tags[0]: the value of the tag `a` has 257 characters, and may have 256",
        "notice Resources.R.Type: perch knows nothing about AWS::SQS::Queue's properties | Give it CloudFormation's "
        "schemas: "
        "PERCH_CFN_SCHEMAS=FOLDER."}},
  });
}

}  // namespace
}  // namespace perch::cfn
