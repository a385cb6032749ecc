#include "config/template.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/project.h"

namespace perch::config {
namespace {

constexpr char kHead[] = "app: shop\nrun: {command: ./serve}\n";

std::string Json(std::string_view text, const std::string& file = "t.yaml") {
  const Result<Value> value = ReadTemplate(text, file);
  return value ? CanonicalJson(*value) : value.error().Text();
}

std::string ErrorOf(const std::string& text) {
  const Result<Project> project = Parse(text, "perch.yaml");
  return project ? "" : project.error().Text();
}

TEST(Template, ShortTagsAreTheLongForms) {
  EXPECT_EQ(
      Json("a: !Ref Bucket\nb: !GetAtt A.B.C\nc: !GetAtt [A, B]\nd: !Condition IsBig\n"),
      R"({"a":{"Ref":"Bucket"},"b":{"Fn::GetAtt":["A","B.C"]},"c":{"Fn::GetAtt":["A","B"]},"d":{"Condition":"IsBig"}})");
  EXPECT_EQ(Json("a: !Join [\"-\", [x, !Ref Y, !Sub \"${Z}-1\"]]\nb: !GetAZs \"\"\nc: !Select [0, !GetAZs {Ref: R}]\n"),
            R"({"a":{"Fn::Join":["-",["x",{"Ref":"Y"},{"Fn::Sub":"${Z}-1"}]]},"b":{"Fn::GetAZs":""},)"
            R"("c":{"Fn::Select":[0,{"Fn::GetAZs":{"Ref":"R"}}]}})");
  EXPECT_EQ(Json("a: !If\n  - C\n  - !Ref A\n  - !Ref AWS::NoValue\nb: !Sub\n  - x${V}\n  - V: !Ref Y\n"),
            R"({"a":{"Fn::If":["C",{"Ref":"A"},{"Ref":"AWS::NoValue"}]},"b":{"Fn::Sub":["x${V}",{"V":{"Ref":"Y"}}]}})");
  for (const std::string& tag : ShortTags()) {
    const std::string name = tag == "!Ref" || tag == "!Condition" ? tag.substr(1) : "Fn::" + tag.substr(1);
    EXPECT_EQ(Json("a: " + tag + " [x]\n"), "{\"a\":{\"" + name + "\":[\"x\"]}}");
  }
  EXPECT_EQ(Json("a: !Ref 12\nb: !GetAtt Lonely\n"), R"({"a":{"Ref":"12"},"b":{"Fn::GetAtt":["Lonely"]}})");
}

TEST(Template, EveryValueKnowsItsPlace) {
  const Result<Value> value = ReadTemplate("Resources:\n  A:\n    Type: !Ref B\n", "t.yaml");
  ASSERT_TRUE(value) << value.error().Text();
  const Value* type = value->Find("Resources")->Find("A")->Find("Type");
  EXPECT_EQ(type->at.Text(), "t.yaml:3:11");
  EXPECT_EQ(type->Find("Ref")->at.Text(), "t.yaml:3:11");
}

TEST(Template, UnknownTagsAreRefusedWithTheNearest) {
  EXPECT_EQ(Json("a: !GetAttr A.B\n"),
            "t.yaml:1:4: there is no tag `!GetAttr`\n"
            "  1 | a: !GetAttr A.B\n"
            "    |    ^^^^^^^^\n"
            "  hint: Did you mean '!GetAtt'?");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "resources: {A: !!python/object x}\n"),
            "perch.yaml:3:16: there is no tag `!!python/object`\n"
            "  3 | resources: {A: !!python/object x}\n"
            "    |                ^^^^^^^^^^^^^^^\n"
            "  hint: Remove it; perch knows the type of each key.");
  EXPECT_EQ(Json("!Ref a: b\n"),
            "t.yaml:1:1: a key cannot have the tag `!Ref`\n"
            "  1 | !Ref a: b\n"
            "    | ^^^^\n"
            "  hint: Remove the tag.");
}

TEST(Template, TagsCountOnlyWhereTemplatesAre) {
  EXPECT_EQ(ErrorOf("app: shop\nrun: {command: !Ref X, writable: [!Sub a]}\nenv: !If [a]\n"),
            "perch.yaml:2:16: the tag `!Ref` means nothing in `run.command`\n"
            "  2 | run: {command: !Ref X, writable: [!Sub a]}\n"
            "    |                ^^^^\n"
            "  hint: CloudFormation's tags count only in `resources`, `outputs`, `override`.\n"
            "perch.yaml:2:35: the tag `!Sub` means nothing in `run.writable[1]`\n"
            "  2 | run: {command: !Ref X, writable: [!Sub a]}\n"
            "    |                                   ^^^^\n"
            "  hint: CloudFormation's tags count only in `resources`, `outputs`, `override`.\n"
            "perch.yaml:3:6: the tag `!If` means nothing in `env`\n"
            "  3 | env: !If [a]\n"
            "    |      ^^^\n"
            "  hint: CloudFormation's tags count only in `resources`, `outputs`, `override`.");
  EXPECT_EQ(ErrorOf("app: shop\nrun: {command: [x, !Ref Y]}\n"),
            "perch.yaml:2:20: the tag `!Ref` means nothing in `run.command`\n"
            "  2 | run: {command: [x, !Ref Y]}\n"
            "    |                    ^^^^\n"
            "  hint: CloudFormation's tags count only in `resources`, `outputs`, `override`.");
  EXPECT_EQ(ErrorOf("!Ref\napp: shop\n").substr(0, 62),
            "perch.yaml:1:1: the tag `!Ref` means nothing in the file\n  1 |");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "resources: {A: {Type: !Ref B}}\n"), "");
}

TEST(Template, NothingIsNoValue) {
  EXPECT_EQ(ErrorOf(std::string(kHead) + "resources: {A: {Properties: {B: null}, L: [1, ~]}}\n"),
            "perch.yaml:3:33: `resources.A.Properties.B` has no value\n"
            "  3 | resources: {A: {Properties: {B: null}, L: [1, ~]}}\n"
            "    |                                 ^^^^\n"
            "  hint: Write one, or remove the line.\n"
            "perch.yaml:3:47: `resources.A.L` has no value\n"
            "  3 | resources: {A: {Properties: {B: null}, L: [1, ~]}}\n"
            "    |                                               ^\n"
            "  hint: Write one, or remove the line.");
}

TEST(Template, FilesInYamlMayHaveWhatPerchYamlMayNot) {
  EXPECT_EQ(Json("AWSTemplateFormatVersion: 2010-09-09\nMappings: {M: {111122223333: {80: a}}}\n"),
            R"({"AWSTemplateFormatVersion":"2010-09-09","Mappings":{"M":{"111122223333":{"80":"a"}}}})");
  std::string many = "Resources:\n";
  for (int i = 0; i < 5000; ++i) many += "  R" + std::to_string(i) + ": 1\n";
  EXPECT_TRUE(ReadTemplate(many, "t.yaml"));
  EXPECT_EQ(Json(many + "  One: 2\n").substr(0, 56), "t.yaml:2:3: this has more than 5000 entries\n  2 |   R0: ");
  const auto nested = [](int levels, char open, char close) {
    return "{\"a\": " + std::string(std::size_t(levels - 1), open) + std::string(std::size_t(levels - 1), close) + "}";
  };
  EXPECT_EQ(Json(nested(64, '[', ']')).size(), 6u + 2 * 63);
  EXPECT_NE(Json(nested(65, '[', ']')).find("this is nested more than 64 levels deep"), std::string::npos);
  EXPECT_NE(Json("a: " + nested(64, '[', ']')).find("this is nested more than 64 levels deep"), std::string::npos);
  EXPECT_EQ(Json(std::string(1'000'001, ' ')),
            "t.yaml: the template is larger than 1 MB\n"
            "  hint: CloudFormation takes no larger one; move parts of it into a nested stack.");
}

TEST(Template, ReadsJsonWithItsEscapesTabsAndPlaces) {
  const std::string text =
      "{\r\n\t\"a\": [1, -2.5, 1e3, true, false, null, \"\\ud83d\\ude00 \\u00e4 "
      "\\n\\t\\/\\\\\\\"\"],\n\t\"b\":\t{}\n}\n";
  EXPECT_EQ(Json(text, "t.json"), "{\"a\":[1,-2.5,1000,true,false,null,\"😀 ä \\n\\u0009/\\\\\\\"\"],\"b\":{}}");
  const Result<Value> value = ReadTemplate(text, "t.json");
  EXPECT_EQ(value->AsMap()->at(1).key_at.Text(), "t.json:3:2");
  EXPECT_EQ(value->Find("b")->at.Text(), "t.json:3:7");
}

/// "a.b 2:3, …" of every value and key.
std::string Places(const Value& value, const std::string& path) {
  std::string places = path + " " + value.at.Text() + ", ";
  if (const Value::List* list = value.AsList()) {
    for (std::size_t i = 0; i < list->size(); ++i) places += Places((*list)[i], path + "." + std::to_string(i));
  } else if (const Value::Map* map = value.AsMap()) {
    for (const Value::Entry& entry : *map) {
      places += entry.key_at.Text() + " " + Places(entry.value, path + "." + entry.key);
    }
  }
  return places;
}

TEST(Template, JsonAndYamlAgreeOnValuesAndPlaces) {
  const std::string text =
      "{\n  \"\\\"k,:{ \\\\\": [{}, [], \"a,]}:\\\\\", 12, -0.5,true , null,\n\"ä\", {\"x\" :1,\"y\" : "
      "[[[2]]]}],\n \"last\": \"\"\n}";
  const Result<Value> json = ReadTemplate(text, "t");
  const Result<Value> yaml = ReadTemplate("---\n" + text, "t");
  ASSERT_TRUE(json) << json.error().Text();
  ASSERT_TRUE(yaml) << yaml.error().Text();
  EXPECT_EQ(CanonicalJson(*json), CanonicalJson(*yaml));
  EXPECT_EQ(CanonicalJson(*json),
            R"({"\"k,:{ \\":[{},[],"a,]}:\\",12,-0.5,true,null,"ä",{"x":1,"y":[[[2]]]}],"last":""})");
  const Result<Value> lower = ReadTemplate("\n" + text, "t");
  EXPECT_EQ(Places(*lower, ""), Places(*yaml, ""));
}

TEST(Template, WrongJsonIsRefusedWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{\"a\": 1, \"a\": 2}",
       "t.json:1:10: `a` is here twice\n  1 | {\"a\": 1, \"a\": 2}\n    |          ^^^\n"
       "  hint: It is already at t.json:1:2; remove one of them."},
      {"{\"a\": \"\\ud83d\"}",
       "t.json:1:14: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\": \"\\ud83d\"}\n    |              ^\n"
       "  hint: Is an escape such as `\\n` or `\\u00e4` wrong there, or half of a pair?"},
      {"{\"a\": 01}",
       "t.json:1:8: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\": 01}\n    |        ^\n  hint: A comma, a colon or a quote may be missing before it."},
      {"{\"a\": 1,}",
       "t.json:1:9: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\": 1,}\n    |         ^\n  hint: Remove the comma before it."},
      {"{\"a\" 1}",
       "t.json:1:6: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\" 1}\n    |      ^\n  hint: A comma, a colon or a quote may be missing before it."},
      {"{\"a\": [1 2]}",
       "t.json:1:10: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\": [1 2]}\n    |          ^\n  hint: A comma, a colon or a quote may be missing before it."},
      {"{\"a\": 'b'}",
       "t.json:1:7: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  1 | {\"a\": 'b'}\n    |       ^\n  hint: Texts stand in double quotes."},
      {"{\n \"a\": 1 // one\n}",
       "t.json:2:9: this is not valid JSON: this cannot stand here (syntax error)\n"
       "  2 |  \"a\": 1 // one\n    |         ^\n  hint: JSON has no comments."},
      {"{\"a\": 1e999}", "t.json:1:7: this number is too large\n  1 | {\"a\": 1e999}\n    |       ^^^^^"},
      {"{\"a\": 1} x",
       "t.json:1:10: there is more after the end of the JSON value\n  1 | {\"a\": 1} x\n"
       "    |          ^\n  hint: Remove it."},
      {"{\"a\": \"x\n\"}",
       "t.json:1:9: this is not valid JSON: this cannot stand here (syntax error)\n  1 | {\"a\": \"x\n    |         ^\n"
       "  hint: A quote is not closed."},
      {"{\"a\": ",
       "t.json:1:7: this is not valid JSON: it ends too early (incomplete JSON)\n  1 | {\"a\": \n    |       ^\n"
       "  hint: A quote or bracket is not closed."},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(Json(text, "t.json"), error) << text;
  EXPECT_EQ(Json("{a: !Ref b}\n"), R"({"a":{"Ref":"b"}})") << "YAML's own braces";
}

TEST(Template, IsAMap) {
  EXPECT_EQ(Json("- a\n"),
            "t.yaml:1:1: a template must be a map\n  1 | - a\n    | ^\n  hint: It has at least the key `Resources`.");
  EXPECT_EQ(Json("# nothing\n"), "t.yaml: the template is empty\n  hint: It has at least the key `Resources`.");
  EXPECT_NE(Json("a: &x 1\nb: *x\n").find("t.yaml:2:4: aliases (`*name`) are not supported"), std::string::npos);
}

TEST(Template, AnyBytesGetAnAnswer) {
  const std::string sample =
      "{\"Resources\": {\"A\": {\"Type\": \"AWS::SQS::Queue\", \"P\": [1, true, \"\\ud83d\\ude00\"]}}}";
  constexpr std::string_view kBytes = "{}[]:,\"\\u0 \n\tx!\xff";
  unsigned state = 1;
  const auto next = [&](std::size_t n) { return (state = state * 1103515245 + 12345) / 65536 % n; };
  for (int i = 0; i < 3000; ++i) {
    std::string text = sample;
    for (std::size_t changes = 1 + next(5); changes-- > 0;) text[next(text.size())] = kBytes[next(kBytes.size())];
    EXPECT_TRUE(IsUtf8(Json(text.substr(0, 1 + next(text.size()))))) << text;
  }
  EXPECT_NE(Json("{\"a\":" + std::string(500'000, '[')).find("64 levels"), std::string::npos);
}

}  // namespace
}  // namespace perch::config
