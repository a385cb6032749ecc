#include "cfn/schemas.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cfn/check_testing.h"
#include "cfn/resource_schema.h"

namespace perch::cfn {
namespace {

const std::string kQueue =
    R"({"typeName":"AWS::SQS::Queue","properties":{"QueueName":{"type":"string"},"DelaySeconds":{"type":"integer","maximum":900},)"
    R"("Arn":{"type":"string"}},"readOnlyProperties":["/properties/Arn"],"additionalProperties":false})";

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/perch-schemas-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const std::string kIndex =
    "from __future__ import annotations\n\ntypes: dict[str, str] = {\n    \"AWS::SQS::Queue\": "
    "\"0123456789abcdef\",\n}\n";
const std::string kTemplate = Resource("AWS::SQS::Queue", "'DelaySecond': 5");
const std::string kFinding =
    "error Resources.R.Properties.DelaySecond: `DelaySecond` is no property of AWS::SQS::Queue | Did you mean "
    "`DelaySeconds`?";

TEST(Schemas, KnowWhatPerchGenerates) {
  const Schemas schemas;
  EXPECT_FALSE(schemas.complete());
  EXPECT_EQ(schemas.Types().size(), 31u);
  for (const std::string& type : schemas.Types()) {
    const ResourceSchema* schema = schemas.Find(type);
    ASSERT_TRUE(schema) << type;
    EXPECT_EQ(schema->type, type);
    EXPECT_FALSE(schema->nodes[0].properties.empty()) << type;
    EXPECT_EQ(schemas.Find(type), schema);
    for (const SchemaNode& node : schema->nodes) {
      if (node.pattern) EXPECT_NE(node.pattern->Find("x"), Pattern::Answer::kUnknown) << node.pattern->text();
    }
  }
  EXPECT_EQ(schemas.Find("AWS::SQS::Queue"), nullptr);
  EXPECT_EQ(schemas.Find("../../etc/passwd"), nullptr);
  const ResourceSchema* database = schemas.Find("AWS::RDS::DBInstance");
  EXPECT_THAT(database->attributes,
              testing::IsSupersetOf({"Endpoint.Address", "Endpoint.Port", "MasterUserSecret.SecretArn"}));
  EXPECT_THAT(database->attributes, testing::Not(testing::Contains("Endpoint")));
  EXPECT_THAT(database->replacing, testing::Contains("DBName"));
  EXPECT_THAT(database->maybe_replacing, testing::Contains("Engine"));
  EXPECT_THAT(schemas.Find("AWS::ElasticBeanstalk::Environment")->replacing, testing::Contains("Tier.Name"));
}

TEST(Schemas, ReadFilesAsAwsPublishesThem) {
  const Folder folder;
  folder.Write("aws-sqs-queue.json", kQueue);
  const Result<Schemas> schemas = Schemas::WithFolder(folder.path(), "eu-central-1");
  ASSERT_TRUE(schemas);
  EXPECT_TRUE(schemas->complete());
  EXPECT_EQ(CheckText(kTemplate, *schemas), std::vector<std::string>{kFinding});
  EXPECT_THAT(
      CheckText(Resource("AWS::SQS::Que", ""), *schemas),
      testing::ElementsAre(
          "error Resources.R.Type: there is no resource type `AWS::SQS::Que` | Did you mean `AWS::SQS::Queue`?"));
}

TEST(Schemas, ReadThoseOfCfnLint) {
  const Folder folder;
  folder.Write("providers/eu_central_1.py", kIndex);
  folder.Write("resources/0123456789abcdef.json", kQueue);
  const Result<Schemas> schemas = Schemas::WithFolder(folder.path(), "eu-central-1");
  ASSERT_TRUE(schemas);
  EXPECT_EQ(CheckText(kTemplate, *schemas), std::vector<std::string>{kFinding});
  EXPECT_THAT(schemas->Types(), testing::Contains("AWS::SQS::Queue"));
  // Others are not of this region, or no region.
  EXPECT_EQ(Schemas::WithFolder(folder.path(), "eu-west-9").error().what, "cannot use CloudFormation's schemas");
  EXPECT_FALSE(Schemas::WithFolder(folder.path(), "../x"));
}

TEST(Schemas, ABrokenFileIsANotice) {
  const Folder folder;
  folder.Write("aws-sqs-queue.json", "{");
  const Result<Schemas> schemas = Schemas::WithFolder(folder.path(), "eu-central-1");
  ASSERT_TRUE(schemas);
  EXPECT_THAT(
      CheckText(kTemplate, *schemas),
      testing::ElementsAre(
          "notice Resources.R.Type: the schema of AWS::SQS::Queue cannot be read: its properties are not checked"));
}

TEST(Schemas, AFolderOfSomethingElseIsRefused) {
  const Folder folder;
  folder.Write("a.txt", "x");
  const Result<Schemas> other = Schemas::WithFolder(folder.path(), "eu-central-1");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().Text(),
            "cannot use CloudFormation's schemas: " + folder.path().string() +
                ": there is no aws-….json and no providers/ in it\n  Unpack CloudformationSchema.zip of AWS there, or "
                "give the data/schemas folder of cfn-lint.");
  EXPECT_EQ(Schemas::WithFolder(folder.path() / "none", "x").error().kind, ErrorKind::kUsage);
  folder.Write("providers/eu_central_1.py", "types: dict[str, str] = {\n    **__import__('os').environ,\n}\n");
  const Result<Schemas> program = Schemas::WithFolder(folder.path(), "eu-central-1");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().where, folder.path().string() + "/providers/eu_central_1.py:2");
  EXPECT_EQ(program.error().why, "the line is no entry of an index");
}

/// Findings of a type with this schema.
std::vector<std::string> CheckWith(const std::string& schema, const std::string& properties) {
  const Folder folder;
  folder.Write("aws-a1-b1.json", schema);
  const Result<Schemas> schemas = Schemas::WithFolder(folder.path(), "eu-central-1");
  return schemas ? CheckText(Resource("AWS::A1::B1", properties), *schemas) : std::vector<std::string>{"no schemas"};
}

TEST(ResourceSchema, FormsAndConditions) {
  const std::string forms =
      R"({"properties":{"X":{"anyOf":[{"type":"integer","maximum":5},{"type":"string","pattern":"^a+$"}]},"Y":{"oneOf":[{"type":"object"},{"type":"array"}]},)"
      R"("Kind":{"type":"string"},"Size":{"type":"integer"},"Map":{"type":"object","patternProperties":{"^[a-z]+$":{"type":"integer"}},"additionalProperties":false}},)"
      R"("if":{"properties":{"Kind":{"const":"large"}},"required":["Kind"]},"then":{"required":["Size"]},"else":{"properties":{"Size":{"maximum":1}}},)"
      R"("requiredOr":["X","Y"],"unknownKeyword":7})";
  EXPECT_THAT(CheckWith(forms, "'X': 3"), testing::IsEmpty());
  EXPECT_THAT(CheckWith(forms, "'X': 'aa', 'Y': []"), testing::IsEmpty());
  EXPECT_THAT(
      CheckWith(forms, "'X': 'b'"),
      testing::ElementsAre(
          "error Resources.R.Properties.X: `X` of AWS::A1::B1 has none of the 2 forms that it can have | The first "
          "one: `X` of AWS::A1::B1 is a whole number, not `b`."));
  EXPECT_THAT(CheckWith(forms, "'X': 1, 'Kind': 'large'"),
              testing::ElementsAre("error Resources.R.Properties: AWS::A1::B1 needs `Size`"));
  EXPECT_THAT(CheckWith(forms, "'X': 1, 'Kind': 'small', 'Size': 2"),
              testing::ElementsAre("error Resources.R.Properties.Size: `Size` of AWS::A1::B1 is 2, and 1 is the most"));
  EXPECT_THAT(CheckWith(forms, "'X': 1, 'Kind': {'Fn::Sub': 'x'}, 'Size': 2"), testing::IsEmpty());
  EXPECT_THAT(CheckWith(forms, "'Kind': 'x'"),
              testing::ElementsAre("error Resources.R.Properties: AWS::A1::B1 needs one of `X` and `Y`"));
  EXPECT_THAT(
      CheckWith(forms, "'X': 1, 'Map': {'a': 1, 'B': 2, 'c': 'x'}"),
      testing::ElementsAre("error Resources.R.Properties.Map.B: `B` is no property of `Map` of AWS::A1::B1",
                           "error Resources.R.Properties.Map.c: `Map.c` of AWS::A1::B1 is a whole number, not `x`"));
}

TEST(ResourceSchema, WhatAPatternCannotTellIsNotHeldAgainstAnybody) {
  const std::string patterns =
      R"({"properties":{"X":{"type":"string","pattern":"^(a+)+$"},"Y":{"pattern":"("},)"
      R"("Map":{"type":"object","patternProperties":{"(":{"type":"integer"}},"additionalProperties":false}},)"
      R"("if":{"properties":{"Y":{"pattern":"("}},"required":["Y"]},"then":{"required":["T"]},"else":{"required":["E"]}})";
  EXPECT_THAT(CheckWith(patterns, "'Y': 'b', 'X': '" + std::string(500, 'a') + "!', 'Map': {'a': 'b'}"),
              testing::IsEmpty());
  EXPECT_THAT(CheckWith(patterns, "'Y': 'b', 'X': 'b'"),
              testing::ElementsAre(
                  "error Resources.R.Properties.X: `b` does not fit `X` of AWS::A1::B1 | It must match ^(a+)+$"));
  EXPECT_THAT(CheckWith(patterns, "'X': 'a'"),
              testing::ElementsAre("error Resources.R.Properties: AWS::A1::B1 needs `E`"));
}

TEST(ResourceSchema, CirclesEnd) {
  const std::string circles =
      R"({"definitions":{"A":{"$ref":"#/definitions/B"},"B":{"$ref":"#/definitions/A"},"T":{"type":"object","properties":{"Next":{"$ref":"#/definitions/T"}},"additionalProperties":false},)"
      R"("W":{"allOf":[{"$ref":"#/definitions/W"},{"$ref":"#/definitions/W"}],"anyOf":[{"$ref":"#/definitions/W"},{"$ref":"#"}]}},)"
      R"("properties":{"A":{"$ref":"#/definitions/A"},"T":{"$ref":"#/definitions/T"},"W":{"$ref":"#/definitions/W"},"N":{"$ref":"#/definitions/None"}}})";
  EXPECT_THAT(
      CheckWith(circles, "'A': 1, 'N': 2, 'T': {'Next': {'Next': {'Last': 1}}}"),
      testing::ElementsAre(
          "error Resources.R.Properties.T.Next.Next.Last: `Last` is no property of `T.Next.Next` of AWS::A1::B1"));
  (void)CheckWith(circles, "'W': {'a': {'b': {'c': 1}}}");  // that it ends is what counts
}

TEST(ResourceSchema, WhatIsTooLargeIsRefused) {
  EXPECT_EQ(ParseResourceSchema("[]", "T").error().why, "it is no JSON object");
  EXPECT_EQ(ParseResourceSchema(std::string(5 << 20, ' '), "T").error().why, "it is larger than 4 MiB");
  EXPECT_FALSE(ParseResourceSchema("{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}", "T"));
  std::string many = "{\"properties\":{";
  for (int i = 0; i < 60000; ++i) many += (i ? ",\"p" : "\"p") + std::to_string(i) + "\":{}";
  EXPECT_EQ(ParseResourceSchema(many + "}}", "T").error().why, "it has more than 50,000 parts");
}

}  // namespace
}  // namespace perch::cfn
