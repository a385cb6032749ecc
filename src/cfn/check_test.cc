#include "cfn/check.h"

#include "cfn/check_testing.h"

namespace perch::cfn {
namespace {

const std::string kBucket = "'B': {'Type': 'AWS::S3::Bucket'}";

std::string With(const std::string& section) { return "{" + section + ", 'Resources': {" + kBucket + "}}"; }
std::string Attribute(const std::string& attribute) {
  return "{'Resources': {'B': {'Type': 'AWS::S3::Bucket', " + attribute + "}}}";
}

/// The entries {name0: value, name1: value, …} without braces.
std::string Many(int count, const std::string& value) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i ? ", 'N" : "'N") + std::to_string(i) + "': " + value;
  return text;
}

TEST(Check, ADecentTemplateHasNoFindings) {
  Expect({{"decent",
           R"({
    'AWSTemplateFormatVersion': '2010-09-09',
    'Description': 'A shop',
    'Metadata': {'Ref': 'anything'},
    'Parameters': {'Size': {'Type': 'Number', 'Default': 20, 'MinValue': 20, 'AllowedValues': [20, 40]},
                   'Net': {'Type': 'AWS::EC2::VPC::Id'}, 'NetIds': {'Type': 'List<AWS::EC2::Subnet::Id>'},
                   'Ami': {'Type': 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'}},
    'Mappings': {'Names': {'eu-central-1': {'short': 'fra', 'zones': ['a', 'b']}}},
    'Conditions': {'Large': {'Fn::Not': [{'Fn::Equals': [{'Ref': 'Size'}, 20]}]},
                   'Both': {'Fn::And': [{'Condition': 'Large'}, {'Fn::Equals': [{'Ref': 'AWS::Region'}, 'x']}]}},
    'Resources': {
      'Bucket': {'Type': 'AWS::S3::Bucket', 'DeletionPolicy': 'Retain', 'UpdateReplacePolicy': 'Delete',
        'Properties': {'BucketName': {'Fn::Sub': 'shop-${AWS::Region}'},
          'VersioningConfiguration': {'Status': {'Fn::If': ['Large', 'Enabled', 'Suspended']}},
          'Tags': [{'Key': 'app', 'Value': {'Fn::Sub': 'shop ${!x} ${AWS::Region}'}}, {'Fn::If': ['Large', {'Key': 'x', 'Value': 1}, {'Ref': 'AWS::NoValue'}]}]}},
      'Policy': {'Type': 'AWS::S3::BucketPolicy', 'DependsOn': ['Group'], 'Condition': 'Both',
        'Properties': {'Bucket': {'Ref': 'Bucket'}, 'PolicyDocument': {'Statement': [{'Effect': 'Deny', 'Principal': '*', 'Action': 's3:*', 'Condition': {'Bool': {'aws:SecureTransport': 'false'}},
          'Resource': {'Fn::Join': ['', [{'Fn::GetAtt': ['Bucket', 'Arn']}, '/*']]}}]}}},
      'Group': {'Type': 'AWS::EC2::SecurityGroup', 'Properties': {'GroupDescription': 'app', 'VpcId': {'Ref': 'Net'},
        'SecurityGroupIngress': [{'IpProtocol': 'tcp', 'FromPort': '80', 'ToPort': 80, 'CidrIp': '0.0.0.0/0'}]}},
      'Nets': {'Type': 'AWS::RDS::DBSubnetGroup', 'Properties': {'DBSubnetGroupDescription': 'x', 'SubnetIds': {'Fn::If': ['Large', {'Ref': 'NetIds'}, ['a', 'b']]}}},
      'Db': {'Type': 'AWS::RDS::DBInstance', 'DeletionPolicy': 'Snapshot', 'UpdateReplacePolicy': 'Snapshot',
        'Properties': {'Engine': 'postgres', 'DBInstanceClass': 'db.t4g.micro', 'AllocatedStorage': {'Ref': 'Size'},
          'MasterUsername': 'app', 'MultiAZ': 'false', 'MasterUserPassword': '{{resolve:secretsmanager:x:SecretString:password}}'}}},
    'Outputs': {'Url': {'Value': {'Fn::GetAtt': 'Bucket.DomainName'}, 'Export': {'Name': {'Fn::Sub': '${AWS::StackName}-url'}}},
                'Host': {'Condition': 'Large', 'Value': {'Fn::GetAtt': ['Db', 'Endpoint.Address']}}}})",
           {}}});
}

TEST(Check, Sections) {
  Expect({
      {"null in the metadata",
       With("'Metadata': {'a': [1, null]}"),
       {"error Metadata.a[1]: nothing is written here, and CloudFormation refuses null | Leave the key out, or give it "
        "a value."}},
      {"unknown section",
       With("'Resource': {}"),
       {"error Resource: `Resource` is no section of a template | Did you mean `Resources`?"}},
      {"a resource outside of Resources",
       With("'Queue': {'Type': 'AWS::SQS::Queue'}"),
       {"error Queue: `Queue` is no section of a template | Move it into `Resources`."}},
      {"version",
       With("'AWSTemplateFormatVersion': '2020-01-01'"),
       {"error AWSTemplateFormatVersion: there is only one version of templates | Write \"2010-09-09\", or leave it "
        "out."}},
      {"no resources", "{'Description': 'x'}", {"error : the template has no `Resources` | It needs at least one."}},
      {"empty resources",
       "{'Resources': {}}",
       {"error Resources: there are no resources | A template needs at least one."}},
      {"resources as a list", "{'Resources': []}", {"error Resources: `Resources` is a map, not a list"}},
      {"description", With("'Description': ['x']"), {"error Description: the description is a text, not a list"}},
      {"long description",
       With("'Description': '" + std::string(1025, 'x') + "'"),
       {"error Description: the description has 1025 bytes, and may have 1024"}},
      {"too many outputs",
       With("'Outputs': {" + Many(201, "{'Value': 'x'}") + "}"),
       {"error Outputs: there are 201 outputs, and 200 are the most | Split the template into several stacks."}},
      {"too many parameters",
       With("'Parameters': {" + Many(201, "{'Type': 'String'}") + "}"),
       {"error Parameters: there are 201 parameters, and 200 are the most | Split the template into several stacks."}},
      {"too many resources",
       "{'Resources': {" + Many(501, "{'Type': 'AWS::S3::Bucket'}") + "}}",
       {"error Resources: there are 501 resources, and 500 are the most | Split the template into several stacks."}},
      {"not a map", "[]", {"error : a template is a map, not a list"}},
  });
}

TEST(Check, Names) {
  Expect({
      {"logical id",
       "{'Resources': {'my-bucket': {'Type': 'AWS::S3::Bucket'}}}",
       {"error Resources.my-bucket: `my-bucket` is no name of a resource | Names are letters and digits, a to z."}},
      {"empty id",
       "{'Resources': {'': {'Type': 'AWS::S3::Bucket'}}}",
       {"error Resources.: `` is no name of a resource | Names are letters and digits, a to z."}},
      {"long output name",
       With("'Outputs': {'" + std::string(256, 'x') + "': {'Value': '1'}}"),
       {"error Outputs." + std::string(256, 'x') + ": the name `" + std::string(97, 'x') +
        "…` has 256 characters, and may have 255"}},
      {"a parameter of the same name",
       With("'Parameters': {'B': {'Type': 'String'}}"),
       {"error Parameters.B: `B` is a parameter and a resource | Give one of them another name."}},
      {"a resource that is a text",
       "{'Resources': {'B': 'AWS::S3::Bucket'}}",
       {"error Resources.B: the resource `B` is a map, not a string"}},
  });
}

TEST(Check, Sizes) {
  const auto with_bytes = [](std::size_t bytes) {
    const std::string head = "{\"Metadata\":{\"M\":\"";
    const std::string tail = "\"},\"Resources\":{\"B\":{\"Type\":\"AWS::S3::Bucket\"}}}";
    return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
  };
  Expect({
      {"as large as a request takes", with_bytes(51200), {}},
      {"larger",
       with_bytes(51201),
       {"notice : the template has 51201 bytes: it goes by way of S3 | Up to 51200 bytes it would be sent with the "
        "request."}},
      {"too large",
       with_bytes(1000001),
       {"error : the template has 1000001 bytes, and may have 1000000 | Split it into several stacks."}},
  });
}

TEST(Check, Parameters) {
  const auto parameter = [](const std::string& text) { return With("'Parameters': {'P': {" + text + "}}"); };
  Expect({
      {"no type",
       parameter("'Default': 'x'"),
       {"error Parameters.P: the parameter `P` needs `Type` | Most are `String`."}},
      {"type",
       parameter("'Type': 'Sting'"),
       {"error Parameters.P.Type: `Sting` is no type of a parameter | Did you mean `String`?"}},
      {"key",
       parameter("'Type': 'String', 'Defualt': 'x'"),
       {"error Parameters.P.Defualt: `Defualt` is no part of a parameter | Did you mean `Default`?"}},
      {"default not allowed",
       parameter("'Type': 'String', 'AllowedValues': ['a', 'b'], 'Default': 'c'"),
       {"error Parameters.P.Default: the default `c` is not among `AllowedValues`"}},
      {"default does not fit",
       parameter("'Type': 'String', 'AllowedPattern': '[a-z]+', 'Default': 'a1'"),
       {"error Parameters.P.Default: the default `a1` does not fit `AllowedPattern` | It must match [a-z]+"}},
      {"default no number",
       parameter("'Type': 'Number', 'Default': 'x'"),
       {"error Parameters.P.Default: the default `x` is no number"}},
      {"default out of range",
       parameter("'Type': 'Number', 'MaxValue': 3, 'Default': 4"),
       {"error Parameters.P.Default: the default 4 is outside of `MinValue` and `MaxValue`"}},
      {"default too long",
       parameter("'Type': 'String', 'MaxLength': 3, 'Default': 'four'"),
       {"error Parameters.P.Default: the default has 4 characters, which `MinLength` or `MaxLength` forbids"}},
      {"default a map",
       parameter("'Type': 'String', 'Default': {'Ref': 'B'}"),
       {"error Parameters.P.Default: a parameter's default is a text, not a map"}},
  });
}

TEST(Check, Outputs) {
  const auto output = [](const std::string& text) { return With("'Outputs': {'O': {" + text + "}}"); };
  Expect({
      {"no value", output("'Description': 'x'"), {"error Outputs.O: the output `O` needs `Value`"}},
      {"a list",
       output("'Value': ['a']"),
       {"error Outputs.O.Value: the value of the output `O` is a text, not a list | Join its items: {\"Fn::Join\": "
        "[\",\", …]}."}},
      {"a function that gives a list",
       output("'Value': {'Fn::GetAZs': ''}"),
       {"error Outputs.O.Value: the value of the output `O` is a text, not a list | Join its items: {\"Fn::Join\": "
        "[\",\", …]}."}},
      {"a key",
       output("'Value': 'x', 'Exports': {'Name': 'x'}"),
       {"error Outputs.O.Exports: `Exports` is no part of an output | Did you mean `Export`?"}},
      {"an export", output("'Value': 'x', 'Export': 'x'"), {"error Outputs.O.Export: `Export` takes {\"Name\": …}"}},
      {"a condition",
       output("'Value': 'x', 'Condition': 'C'"),
       {"error Outputs.O.Condition: there is no condition `C` | The template has no Conditions."}},
      {"two of one name",
       With("'Outputs': {'O': {'Value': 'x', 'Export': {'Name': 'n'}}, 'P': {'Value': 'x', 'Export': {'Name': 'n'}}}"),
       {"error Outputs.P.Export: two outputs are exported as `n` | An account has each name once in a region."}},
  });
}

TEST(Check, Mappings) {
  Expect({
      {"one level",
       With("'Mappings': {'M': {'a': 'x'}}"),
       {"error Mappings.M.a: a mapping has two levels of keys, and `a` holds a string"}},
      {"three levels",
       With("'Mappings': {'M': {'a': {'b': {'Ref': 'B'}}}}"),
       {"error Mappings.M.a.b: a mapping's value is a text or a list, not a map | Functions cannot stand in "
        "Mappings."}},
      {"too many keys",
       With("'Mappings': {'M': {" + Many(201, "{'k': 'v'}") + "}}"),
       {"error Mappings.M: the mapping `M` has 201 keys, and may have 200"}},
  });
}

TEST(Check, Resources) {
  const std::string once =
      "notice Resources.A.Type: perch knows nothing about AWS::SQS::Queue's properties | Give it CloudFormation's "
      "schemas: "
      "PERCH_CFN_SCHEMAS=FOLDER.";
  Expect({
      {"no type",
       "{'Resources': {'B': {'Properties': {}}}}",
       {"error Resources.B: the resource `B` needs `Type` | For example AWS::S3::Bucket."}},
      {"shape of a type",
       "{'Resources': {'B': {'Type': 'AWS::S3.Bucket'}}}",
       {"error Resources.B.Type: `AWS::S3.Bucket` is no type of a resource | Did you mean `AWS::S3::Bucket`?"}},
      {"unknown types are told once",
       "{'Resources': {'A': {'Type': 'AWS::SQS::Queue'}, 'B': {'Type': 'AWS::SQS::Queue'}}}",
       {once}},
      {"attribute",
       Attribute("'DependOn': 'B'"),
       {"error Resources.B.DependOn: `DependOn` is no attribute of a resource | Did you mean `DependsOn`?"}},
      {"a property outside",
       Attribute("'BucketName': 'abc'"),
       {"error Resources.B.BucketName: `BucketName` is no attribute of a resource | It is a property: move it into "
        "`Properties`."}},
      {"properties as a list",
       Attribute("'Properties': []"),
       {"error Resources.B.Properties: `Properties` is a map, not a list"}},
      {"depends on nothing",
       Attribute("'DependsOn': ['Buckett']"),
       {"error Resources.B.DependsOn[0]: there is no resource `Buckett`"}},
      {"depends on a map",
       Attribute("'DependsOn': {'Ref': 'B'}"),
       {"error Resources.B: resources need each other in a circle: B → B | Take one of the references out, or make it "
        "a resource of "
        "its own.",
        "error Resources.B.DependsOn: DependsOn takes names of resources, not a map"}},
      {"condition",
       "{'Conditions': {'Large': {'Fn::Equals': ['a', 'b']}}, 'Resources': {'B': {'Type': 'AWS::S3::Bucket', "
       "'Condition': 'Lage'}}}",
       {"error Resources.B.Condition: there is no condition `Lage` | Did you mean `Large`?"}},
      {"custom resource",
       "{'Resources': {'B': {'Type': 'Custom::Thing', 'Version': '1.0'}}}",
       {"error Resources.B.Properties: a custom resource needs `ServiceToken` | It is the ARN of the function that "
        "makes it."}},
  });
}

TEST(Check, Policies) {
  const auto database = [](const std::string& policies) {
    return Resource("AWS::RDS::DBInstance", "'DBSnapshotIdentifier': 's'", policies);
  };
  Expect({
      {"value",
       Attribute("'DeletionPolicy': 'delete'"),
       {"error Resources.B.DeletionPolicy: `delete` is no DeletionPolicy | Did you mean `Delete`?"}},
      {"only for deletion",
       Attribute("'UpdateReplacePolicy': 'RetainExceptOnCreate'"),
       {"error Resources.B.UpdateReplacePolicy: `RetainExceptOnCreate` is no UpdateReplacePolicy | One of: Delete, "
        "Retain, Snapshot."}},
      {"no snapshots",
       Attribute("'DeletionPolicy': 'Snapshot'"),
       {"error Resources.B.DeletionPolicy: AWS::S3::Bucket cannot be kept as a snapshot | Use Retain, or Delete."}},
      {"a database without",
       database(""),
       {"warning Resources.R: without a DeletionPolicy, deleting this database leaves a snapshot that is paid for | "
        "Say "
        "DeletionPolicy and UpdateReplacePolicy: Delete or Snapshot."}},
      {"a database with one",
       database(", 'DeletionPolicy': 'Delete'"),
       {"warning Resources.R: DeletionPolicy does not hold when an update replaces the database | Say "
        "UpdateReplacePolicy too."}},
      {"a database with both", database(", 'DeletionPolicy': 'Delete', 'UpdateReplacePolicy': 'Snapshot'"), {}},
  });
}

TEST(Check, AFindingSaysWhereAPersonWroteIt) {
  Value document =
      Parsed("{'Resources': {'B': {'Type': 'AWS::S3::Bucket', 'Properties': {'Tags': [{'Kye': 'a', 'Value': 'b'}]}}}}");
  Value::Entry& bucket = document.Find("Resources")->AsMap()->front();
  bucket.key_at = {"perch.yaml", 7, 3};
  Value* tags = bucket.value.Find("Properties")->Find("Tags");
  std::get<Value::List>(tags->data)[0].at = {"perch.yaml", 10, 9};
  std::vector<Finding> findings = Check(document, Known());
  EXPECT_EQ(Lines(findings),
            (std::vector<std::string>{"error Resources.B.Properties.Tags[0]: `Tags[0]` of AWS::S3::Bucket needs `Key`",
                                      "error Resources.B.Properties.Tags[0].Kye: `Kye` is no property of `Tags[0]` of "
                                      "AWS::S3::Bucket | Did you mean `Key`?"}));
  for (const Finding& finding : findings) EXPECT_EQ(finding.at.Text(), "perch.yaml:10:9");
  *tags = {.data = std::string("x")};
  findings = Check(document, Known());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].at.Text(), "perch.yaml:7:3");
}

TEST(Check, WhatAMacroWillChangeIsLeftAlone) {
  EXPECT_THAT(
      CheckText("{'Transform': 'AWS::Serverless-2016-10-31', 'Resources': {'F': {'Type': 'AWS::Serverless::Function', "
                "'Properties': {'Role': {'Ref': 'FRole'}}}}}"),
      testing::IsEmpty());
}

}  // namespace
}  // namespace perch::cfn
