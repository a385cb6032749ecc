#include "cfn/check.h"
#include "cfn/check_testing.h"

namespace perch::cfn {
namespace {

const std::string kAt = "error Resources.R.Properties";

TEST(CheckRules, Databases) {
  // Whatever comes later replaces what is here.
  const auto database = [](const std::string& more, const std::string& without = "") {
    std::string properties;
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"Engine", "'postgres'"},
                                                          {"DBInstanceClass", "'db.t4g.micro'"},
                                                          {"AllocatedStorage", "20"},
                                                          {"MasterUsername", "'app'"},
                                                          {"ManageMasterUserPassword", "true"}}) {
      if (without.find(name) == std::string::npos && more.find("'" + name + "'") == std::string::npos) {
        properties += "'" + name + "': " + value + ", ";
      }
    }
    return Resource("AWS::RDS::DBInstance", properties + (more.empty() ? "'StorageType': 'gp3'" : more),
                    ", 'DeletionPolicy': 'Delete', 'UpdateReplacePolicy': 'Delete'");
  };
  const std::string readable =
      "warning Resources.R.Properties.MasterUserPassword: the password stands in the template, for everybody who can "
      "read the stack | "
      "Use a Secrets Manager secret by a dynamic reference, or `ManageMasterUserPassword: true`.";
  Expect({
      {"decent", database(""), {}},
      {"restored",
       Resource("AWS::RDS::DBInstance", "'DBSnapshotIdentifier': 's', 'DBInstanceClass': 'db.t4g.micro'",
                ", 'DeletionPolicy': 'Delete', 'UpdateReplacePolicy': 'Delete'"),
       {}},
      {"both passwords",
       database("'MasterUserPassword': '{{resolve:ssm-secure:x}}'"),
       {kAt + ".MasterUserPassword: the database has `MasterUserPassword` and `ManageMasterUserPassword` | Give only "
              "one of them."}},
      {"no password",
       database("", "ManageMasterUserPassword"),
       {kAt + ": a new database needs `MasterUserPassword`, or `ManageMasterUserPassword: true`"}},
      {"no engine", database("", "Engine"), {kAt + ": a new database needs `Engine`"}},
      {"no owner", database("", "MasterUsername"), {kAt + ": a new database needs `MasterUsername`"}},
      {"no class", database("", "DBInstanceClass"), {kAt + ": a new database needs `DBInstanceClass`"}},
      {"no storage",
       database("", "AllocatedStorage"),
       {kAt + ": a new database needs `AllocatedStorage` | GiB, for example 20."}},
      {"small",
       database("'StorageType': 'gp3', 'AllocatedStorage': '10'"),
       {kAt + ".AllocatedStorage: PostgreSQL needs at least 20 GiB, not 10"}},
      {"operations below 400 GiB",
       database("'StorageType': 'gp3', 'AllocatedStorage': 100, 'Iops': 4000"),
       {kAt + ".Iops: `Iops` can only be set from 400 GiB on, and there are 100 | Below that gp3 has 3000 operations "
              "and 125 MiB a "
              "second, and no more."}},
      {"throughput of gp2",
       database("'StorageType': 'gp2', 'StorageThroughput': 200"),
       {kAt + ".StorageThroughput: `StorageThroughput` is not for gp2 | Use gp3 from 400 GiB on."}},
      {"operations from 400 GiB",
       database("'StorageType': 'gp3', 'AllocatedStorage': 400, 'Iops': 12000, 'StorageThroughput': 500"),
       {}},
      {"io2", database("'StorageType': 'io2'"), {kAt + ".StorageType: io2 needs `Iops`"}},
      {"storage type",
       database("'StorageType': 'gp9'"),
       {kAt + ".StorageType: `gp9` is no storage type | One of: gp2, gp3, io1, io2, standard."}},
      {"zones",
       database("'MultiAZ': true, 'AvailabilityZone': 'eu-central-1a'"),
       {kAt + ".AvailabilityZone: a database in several zones has no `AvailabilityZone` | Take it out, or `MultiAZ`."}},
      {"backups",
       database("'BackupRetentionPeriod': 36"),
       {kAt + ".BackupRetentionPeriod: backups are kept 0 to 35 days, not 36"}},
      {"name",
       database("'DBName': 'my-app'"),
       {kAt + ".DBName: `my-app` is no name of a PostgreSQL database | A letter first, then letters, digits and _; at "
              "most 63 of them."}},
      {"literal password", database("'MasterUserPassword': 'correct-horse'", "ManageMasterUserPassword"), {readable}},
      {"short password",
       database("'MasterUserPassword': 'short'", "ManageMasterUserPassword"),
       {kAt + ".MasterUserPassword: the password has 5 characters; 8 to 128 are allowed", readable}},
      {"password's letters",
       database("'MasterUserPassword': 'correct@horse'", "ManageMasterUserPassword"),
       {kAt + ".MasterUserPassword: the password has a character that RDS refuses | It takes printable ASCII, without "
              "spaces and / \" ' @.",
        readable}},
      {"growing",
       database("'MaxAllocatedStorage': 20"),
       {kAt + ".MaxAllocatedStorage: `MaxAllocatedStorage` is above `AllocatedStorage`, not 20 for 20"}},
      {"key",
       database("'KmsKeyId': 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000', "
                "'StorageEncrypted': false"),
       {kAt + ".KmsKeyId: `KmsKeyId` needs `StorageEncrypted: true`"}},
  });
}

TEST(CheckRules, Records) {
  const auto record = [](const std::string& more) {
    return Resource("AWS::Route53::RecordSet", "'HostedZoneId': 'Z', " + more);
  };
  const std::string alias = "'AliasTarget': {'HostedZoneId': 'Z', 'DNSName': 'x'}";
  Expect({
      {"alias", record("'Type': 'A', 'Name': 'a.example.com', " + alias), {}},
      {"alias with TTL",
       record("'Type': 'A', 'Name': 'a.example.com', 'TTL': '60', " + alias),
       {kAt + ".TTL: a record with `AliasTarget` has no `TTL` | Take it out."}},
      {"alias with records",
       record("'Type': 'A', 'Name': 'a.example.com', 'ResourceRecords': ['1.2.3.4'], " + alias),
       {kAt + ".ResourceRecords: a record with `AliasTarget` has no `ResourceRecords` | Take it out."}},
      {"nothing",
       record("'Type': 'A', 'Name': 'a.example.com'"),
       {kAt + ": the record needs `AliasTarget`, or `ResourceRecords` with `TTL`"}},
      {"no TTL",
       record("'Type': 'A', 'Name': 'a.example.com', 'ResourceRecords': ['1.2.3.4']"),
       {kAt + ": the record needs `TTL` | Seconds, for example 300."}},
      {"two of CNAME",
       record("'Type': 'CNAME', 'Name': 'a.example.com', 'TTL': '60', 'ResourceRecords': ['a', 'b']"),
       {kAt + ".ResourceRecords: a CNAME record has exactly one value"}},
      {"type",
       record("'Type': 'CNAM', 'Name': 'a.example.com', " + alias),
       {kAt + ".Type: `CNAM` is no type of a DNS record | Most are A or CNAME."}},
      {"name",
       record("'Type': 'A', 'Name': 'a..example.com', " + alias),
       {kAt + ".Name: `a..example.com` is no domain name | Its parts have 1 to 63 characters, all together 253."}},
      {"zone without a dot",
       Resource("AWS::Route53::RecordSet",
                "'HostedZoneName': 'example.com', 'Type': 'A', 'Name': 'a.example.com', " + alias),
       {kAt + ".HostedZoneName: the zone's name `example.com` must end with a dot | Write \"example.com.\"."}},
  });
}

TEST(CheckRules, Buckets) {
  const auto named = [](const std::string& name) {
    return Resource("AWS::S3::Bucket", "'BucketName': '" + name + "'");
  };
  const auto says = [](const std::string& name, const std::string& why) {
    return std::vector<std::string>{kAt + ".BucketName: the bucket name `" + name + "` " + why};
  };
  Expect({
      {"decent", named("shop-1.files"), {}},
      {"short", named("ab"), says("ab", "has 2 characters; 3 to 63 are allowed")},
      {"dots", named("a..b"), says("a..b", "has two dots in a row")},
      {"address", named("192.168.0.1"), says("192.168.0.1", "looks like an IP address")},
      {"prefix", named("xn--a"), says("xn--a", "begins with `xn--`, which is reserved")},
      {"suffix", named("a-s3alias"), says("a-s3alias", "ends with `-s3alias`, which is reserved")},
      {"capitals",
       named("Shop"),
       {kAt + ".BucketName: `Shop` does not fit `BucketName` of AWS::S3::Bucket | It must match "
              "^([a-z0-9][a-z0-9.-]*[a-z0-9])?$",
        says("Shop", "may only have lower-case letters, digits, dots and hyphens")[0]}},
  });
}

TEST(CheckRules, Networks) {
  const auto group = [](const std::string& rule, const std::string& description = "app") {
    return Resource("AWS::EC2::SecurityGroup", "'VpcId': 'vpc-12345678', 'GroupDescription': '" + description +
                                                   "', 'SecurityGroupIngress': [{" + rule + "}]");
  };
  const auto listener = [](const std::string& more) {
    return Resource("AWS::ElasticLoadBalancingV2::Listener",
                    "'LoadBalancerArn': 'l', 'Port': 443, 'DefaultActions': [{'Type': 'forward'}], " + more);
  };
  const std::string rule = "'IpProtocol': 'tcp', 'CidrIp': '0.0.0.0/0'";
  Expect({
      {"group's description",
       group(rule + ", 'FromPort': 1, 'ToPort': 2", "app\\u0027s"),
       {kAt + ".GroupDescription: `app's` does not fit `GroupDescription` of AWS::EC2::SecurityGroup | It must match "
              "^([a-z,A-Z,0-9,. "
              "_\\-:/()#,@[\\]+=&;\\{\\}!$*])*$"}},
      {"rule's description",
       group(rule + ", 'FromPort': 1, 'ToPort': 2, 'Description': 'a → b'"),
       {kAt + ".SecurityGroupIngress[0].Description: the description `a → b` has a character that EC2 refuses | It "
              "takes letters, digits, "
              "spaces and ._-:/()#,@[]+=&;{}!$*."}},
      {"no ports", group(rule), {kAt + ".SecurityGroupIngress[0]: a rule for tcp needs `FromPort` and `ToPort`"}},
      {"ports the wrong way",
       group(rule + ", 'FromPort': 90, 'ToPort': 80"),
       {kAt + ".SecurityGroupIngress[0]: ports 90 to 80 are no range of ports | The first is not above the last, and "
              "both are 0 to 65535."}},
      {"HTTPS",
       listener("'Protocol': 'HTTPS'"),
       {kAt + ".Protocol: a listener for HTTPS needs `Certificates` | Give it [{\"CertificateArn\": …}]."}},
      {"HTTPS with a certificate",
       listener("'Protocol': 'HTTPS', 'Certificates': [{'CertificateArn': "
                "'arn:aws:acm:eu-central-1:111122223333:certificate/a'}]"),
       {}},
      {"HTTP with a certificate",
       listener("'Protocol': 'HTTP', 'Certificates': [{'CertificateArn': "
                "'arn:aws:acm:eu-central-1:111122223333:certificate/a'}]"),
       {kAt + ".Certificates: a listener for HTTP takes no certificate | Is its protocol HTTPS?"}},
      {"load balancer's name",
       Resource("AWS::ElasticLoadBalancingV2::LoadBalancer",
                "'Subnets': ['subnet-12345678', 'subnet-12345679'], 'Name': 'internal-x'"),
       {kAt + ".Name: `internal-x` is no name of a load balancer | At most 32 letters, digits and hyphens; no hyphen "
              "at its ends, and not "
              "`internal-` at its start."}},
  });
}

}  // namespace
}  // namespace perch::cfn
