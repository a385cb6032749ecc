"""Host names and signing regions of every service and partition, compared with botocore's: endpoints_oracle.py PROBE."""
import os, subprocess, sys

try:
    import botocore.session
except ImportError:
    print("skipped: botocore is not installed")
    sys.exit(77)

SERVICES = {"CLOUDFORMATION": "cloudformation", "S3": "s3", "STS": "sts", "ELASTIC_BEANSTALK": "elasticbeanstalk", "ECR": "ecr", "RDS": "rds", "ROUTE_53": "route53",
            "CLOUDWATCH_LOGS": "logs", "RESOURCE_GROUPS_TAGGING_API": "resourcegroupstaggingapi", "SSM": "ssm", "SECRETS_MANAGER": "secretsmanager", "ACM": "acm",
            "EC2": "ec2", "ELASTIC_LOAD_BALANCING_V2": "elbv2", "SERVICE_QUOTAS": "service-quotas", "IAM": "iam"}
# botocore still says s3.amazonaws.com here; the regional name is the same service.
KNOWN = {("us-east-1", "S3")}
regions = ["eu-central-1", "us-east-1", "us-west-2", "ap-southeast-3", "cn-north-1", "cn-northwest-1", "us-gov-west-1"]
environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
lines = subprocess.run([sys.argv[1], "endpoints", *regions], env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
session, wrong = botocore.session.get_session(), []
for line in lines:
    region, service, url, signing = line.split()
    client = session.create_client(SERVICES[service], region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    expected = (client.meta.endpoint_url, client._request_signer._region_name)
    if (url, signing) != expected and (region, service) not in KNOWN:
        wrong.append(f"{region} {service}: perch {url} {signing}, botocore {' '.join(expected)}")
print(f"{len(lines) - len(wrong)} of {len(lines)} endpoints are botocore's")
for text in wrong: print("  ", text)
sys.exit(1 if wrong or len(lines) != len(regions) * len(SERVICES) else 0)
