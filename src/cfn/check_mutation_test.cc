#include <random>

#include "base/text.h"
#include "cfn/check.h"
#include "cfn/check_testing.h"
#include "cfn/known_types.h"
#include "cfn/resource_schema.h"

namespace perch::cfn {
namespace {

const char* const kGood = R"({
  'Parameters': {'P': {'Type': 'String', 'Default': 'x', 'AllowedPattern': '[a-z]+'}},
  'Mappings': {'M': {'a': {'b': 'c'}}},
  'Conditions': {'C': {'Fn::Not': [{'Fn::Equals': [{'Ref': 'P'}, 'x']}]}},
  'Resources': {
    'Bucket': {'Type': 'AWS::S3::Bucket', 'DeletionPolicy': 'Retain', 'Properties': {'BucketName': {'Fn::Sub': 'a-${P}'}, 'Tags': [{'Key': 'a', 'Value': 'b'}]}},
    'Env': {'Type': 'AWS::ElasticBeanstalk::Environment', 'DependsOn': ['Bucket'], 'Condition': 'C', 'Properties': {'ApplicationName': 'a', 'PlatformArn': 'p',
      'OptionSettings': [{'Namespace': 'aws:autoscaling:asg', 'OptionName': 'MinSize', 'Value': '1'}, {'Namespace': 'aws:elbv2:listener:443', 'OptionName': 'Protocol', 'Value': {'Fn::If': ['C', 'HTTP', 'HTTPS']}}]}},
    'Db': {'Type': 'AWS::RDS::DBInstance', 'Properties': {'Engine': 'postgres', 'AllocatedStorage': {'Fn::FindInMap': ['M', 'a', 'b']}, 'MasterUserPassword': {'Fn::Join': ['', ['{{resolve:', {'Ref': 'Bucket'}, '}}']]}}},
    'Record': {'Type': 'AWS::Route53::RecordSet', 'Properties': {'Name': 'a.b', 'Type': 'CNAME', 'HostedZoneName': 'b.', 'TTL': '5', 'ResourceRecords': [{'Fn::GetAtt': ['Db', 'Endpoint.Address']}]}},
    'Group': {'Type': 'AWS::EC2::SecurityGroup', 'Properties': {'GroupDescription': 'x', 'SecurityGroupIngress': [{'IpProtocol': 'tcp', 'FromPort': 1, 'ToPort': 2}]}},
    'Nets': {'Type': 'AWS::RDS::DBSubnetGroup', 'Properties': {'DBSubnetGroupDescription': 'x', 'SubnetIds': [{'Fn::Select': [0, {'Fn::Split': [',', 'a,b']}]}]}}},
  'Outputs': {'O': {'Value': {'Fn::GetAtt': 'Bucket.Arn'}, 'Export': {'Name': 'n'}}}})";

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Change(Value& document) {
    for (std::size_t changes = 1 + Below(4); changes > 0; --changes) {
      std::vector<Value*> all;
      Collect(document, all);
      Value& target = *all[Below(all.size())];
      const Value other = *all[Below(all.size())];
      switch (Below(7)) {
        case 0:
          target = Odd();
          break;
        case 1:
          // A whole tree into a part of it: deeper each time.
          target = other;
          break;
        case 2:
          target = Value{.data = Value::List{target, other}};
          break;
        case 3:
          target = Value{.data = Value::Map{{.key = Key(), .value = target}}};
          break;
        case 4:
          if (Value::Map* map = target.AsMap(); map && !map->empty())
            map->erase(map->begin() + std::ptrdiff_t(Below(map->size())));
          break;
        case 5:
          if (Value::Map* map = target.AsMap()) map->push_back({.key = Key(), .value = other});
          break;
        default:
          if (Value::Map* map = target.AsMap(); map && !map->empty()) (*map)[Below(map->size())].key = Key();
      }
    }
  }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }

  static void Collect(Value& value, std::vector<Value*>& into) {
    into.push_back(&value);
    if (Value::Map* map = value.AsMap()) {
      for (Value::Entry& entry : *map) Collect(entry.value, into);
    } else if (auto* list = std::get_if<Value::List>(&value.data)) {
      for (Value& item : *list) Collect(item, into);
    }
  }

  std::string Key() {
    constexpr const char* kKeys[] = {"Ref",        "Fn::If",        "Fn::Sub",        "Fn::GetAtt", "Fn::Join",
                                     "Fn::Select", "Fn::Transform", "Fn::ForEach::x", "",           "Type",
                                     "Properties", "Condition",     "\xff\x1b[2J",    "Tags",       "DependsOn",
                                     "Fn::",       "Value",         "Fn::FindInMap"};
    return kKeys[Below(std::size(kKeys))];
  }

  Value Odd() {
    switch (Below(8)) {
      case 0:
        return {};
      case 1:
        return {.data = std::int64_t(-1) << Below(63)};
      case 2:
        return {.data = 1e300};
      case 3:
        return {.data = std::string("${${Bucket.}..${!}${")};
      case 4:
        return {.data = std::string(Below(3000), '\xe2')};
      case 5:
        return {.data = Value::Map()};
      case 6:
        return {.data = Value::List()};
      default:
        return {.data = Key()};
    }
  }

  std::mt19937 random_;
};

TEST(CheckMutation, AnyTemplateGetsAnAnswerThatCanBeShown) {
  const Value good = Parsed(kGood);
  for (unsigned seed = 0; seed < 600; ++seed) {
    Value document = good;
    Mutator mutator(seed);
    mutator.Change(document);
    for (const Finding& finding : Check(document, Known())) {
      EXPECT_EQ(Printable(Line(finding)), Line(finding)) << seed;
      EXPECT_FALSE(finding.text.empty()) << seed;
    }
  }
}

TEST(CheckMutation, DepthIsAFinding) {
  for (const bool maps : {true, false}) {
    Value deep{.data = std::string("x")};
    for (int i = 0; i < 3000; ++i) {
      Value outer;
      if (maps) {
        outer.data = Value::Map();
        outer.AsMap()->push_back({.key = "Fn::If", .value = std::move(deep)});
      } else {
        outer.data = Value::List();
        std::get<Value::List>(outer.data).push_back(std::move(deep));
      }
      deep = std::move(outer);
    }
    Value document{.data = Value::Map()};
    document.AsMap()->push_back({.key = "Resources", .value = std::move(deep)});
    EXPECT_EQ(Lines(Check(document, Known())),
              std::vector<std::string>{"error : the template is nested more than 100 levels deep"});
  }
}

TEST(CheckMutation, ManyMistakesAreToldInTime) {
  std::string text = "{'Resources': {";
  for (int i = 0; i < 20000; ++i) {
    text += (i ? ", 'Resource" : "'Resource") + std::to_string(i) +
            "': {'Type': 'AWS::S3::Bucket', 'DependsOn': 'Nothing" + std::to_string(i) + "'}";
  }
  EXPECT_LE(CheckText(text + "}}").size(), 5000u);
}

/// Some bytes of a schema changed: it is read or refused, and a template is checked with what was read.
TEST(CheckMutation, AnySchemaGetsAnAnswer) {
  const std::string text(KnownTypesText());
  std::vector<std::string> schemas;
  for (const std::string& line : perch::Lines(text)) {
    const std::size_t colon = line.find("\":{");
    if (colon != std::string::npos && line.size() < 6000)
      schemas.push_back(line.substr(colon + 2, line.size() - colon - 2 - line.ends_with(',')));
  }
  ASSERT_GT(schemas.size(), 20u);
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "null",
                                          "true",
                                          "-1",
                                          "1e999",
                                          "\"$ref\":\"#\",",
                                          "\"$ref\":\"#/properties\",",
                                          "\"type\":\"array\",",
                                          "\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}],",
                                          "\"pattern\":\"(((a*)*)*)*$\","};
  for (unsigned seed = 0; seed < 600; ++seed) {
    std::mt19937 random(seed);
    std::string schema = schemas[random() % schemas.size()];
    for (std::size_t changes = 1 + random() % 5; changes > 0; --changes) {
      const std::size_t brace = schema.find('{', random() % schema.size());
      const std::size_t at = brace == std::string::npos || random() % 2 ? random() % schema.size() : brace + 1;
      const std::string_view piece = kPieces[random() % std::size(kPieces)];
      if (random() % 4 == 0) {
        schema.erase(at, random() % 20);
      } else {
        schema.insert(at, piece);
      }
      if (schema.empty()) schema = "{}";
    }
    const Result<ResourceSchema> read = ParseResourceSchema(schema, "AWS::A1::B1");
    if (!read) EXPECT_FALSE(read.error().why.empty()) << seed;
  }
}

}  // namespace
}  // namespace perch::cfn
