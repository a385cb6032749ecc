#include "cfn/check.h"
#include "cfn/check_testing.h"

namespace perch::cfn {
namespace {

/// A bucket B, and a resource of a type of one's own that holds the value.
std::string Holding(const std::string& value, const std::string& sections = "") {
  return "{" + sections +
         "'Resources': {'B': {'Type': 'AWS::S3::Bucket'}, 'P': {'Type': 'Custom::Holder', "
         "'Properties': {'ServiceToken': 'arn:aws:lambda:eu-central-1:111122223333:function:f', 'V': " +
         value + "}}}}";
}
const std::string kAt = "error Resources.P.Properties.V";
/// The value where a text belongs.
std::string AsText(const std::string& value) {
  return Resource("AWS::SSM::Parameter", "'Type': 'String', 'Value': " + value);
}
const std::string kText = "error Resources.R.Properties.Value";

TEST(CheckFunctions, References) {
  Expect({
      {"Ref to nothing", Holding("{'Ref': 'Queue'}"), {kAt + ".Ref: there is no resource or parameter `Queue`"}},
      {"Ref to a condition",
       Holding("{'Ref': 'Large'}", "'Conditions': {'Large': {'Fn::Equals': ['a', 'b']}}, "),
       {kAt + ".Ref: there is no resource or parameter `Large` | It is a condition: use `Fn::If`."}},
      {"pseudo parameter",
       Holding("{'Ref': 'AWS::Regoin'}"),
       {kAt + ".Ref: there is no pseudo parameter `AWS::Regoin` | Did you mean `AWS::Region`?"}},
      {"Ref to a map", Holding("{'Ref': {'a': 'b'}}"), {kAt + ".Ref: `Ref` takes the name of a resource or parameter"}},
      {"GetAtt of nothing",
       Holding("{'Fn::GetAtt': ['Bucket', 'Arn']}"),
       {kAt + ".Fn::GetAtt: there is no resource `Bucket`"}},
      {"GetAtt attribute",
       Holding("{'Fn::GetAtt': ['B', 'Arm']}"),
       {kAt + ".Fn::GetAtt: AWS::S3::Bucket has no attribute `Arm` | Did you mean `Arn`?"}},
      {"GetAtt of a property",
       Holding("{'Fn::GetAtt': 'L.RoleName'}", "")
           .replace(15, 0, "'L': {'Type': 'AWS::IAM::Role', 'Properties': {'AssumeRolePolicyDocument': {}}}, "),
       {kAt + ".Fn::GetAtt: `RoleName` is a property of AWS::IAM::Role, but no attribute | Attributes: Arn, RoleId."}},
      {"GetAtt where there are none",
       Holding("{'Fn::GetAtt': ['L', 'Arn']}")
           .replace(15, 0,
                    "'L': {'Type': 'AWS::S3::BucketPolicy', 'Properties': {'Bucket': 'x', 'PolicyDocument': {}}}, "),
       {kAt + ".Fn::GetAtt: AWS::S3::BucketPolicy has no attribute `Arn` | It has no attributes at all: use `Ref`."}},
      {"GetAtt of a parameter",
       Holding("{'Fn::GetAtt': 'Q.Arn'}", "'Parameters': {'Q': {'Type': 'String'}}, "),
       {kAt + ".Fn::GetAtt: `Q` is a parameter: it has no attributes | Use `Ref`."}},
      {"GetAtt shape",
       Holding("{'Fn::GetAtt': ['B']}"),
       {kAt + ".Fn::GetAtt: `Fn::GetAtt` takes [resource, attribute] | For example [\"Bucket\", \"Arn\"]."}},
      {"Sub of nothing",
       Holding("{'Fn::Sub': 'x${Queue}'}"),
       {kAt + ".Fn::Sub: there is no resource or parameter `Queue`"}},
      {"Sub of an attribute",
       Holding("{'Fn::Sub': '${B.Arm}'}"),
       {kAt + ".Fn::Sub: AWS::S3::Bucket has no attribute `Arm` | Did you mean `Arn`?"}},
      {"Sub of a literal", Holding("{'Fn::Sub': '${!HOME} ${B} ${B.Arn} ${'}"), {}},
      {"Sub of a shell's default",
       Holding("{'Fn::Sub': '${HOME:-x}'}"),
       {kAt + ".Fn::Sub: `${HOME:-x}` is no name that `Fn::Sub` can replace | Write `${!…}` for a `${…}` that should "
              "stay as it is."}},
      {"Sub with variables", Holding("{'Fn::Sub': ['${v} ${B}', {'v': {'Fn::GetAtt': ['B', 'Arn']}}]}"), {}},
      {"Sub with an unused variable",
       Holding("{'Fn::Sub': ['x', {'v': 'y'}]}"),
       {"warning Resources.P.Properties.V.Fn::Sub: the variable `v` is not in the text of `Fn::Sub`"}},
      {"Sub with a list",
       Holding("{'Fn::Sub': ['${v}', {'v': ['y']}]}"),
       {kAt + ".Fn::Sub[1].v: the variable `v` of `Fn::Sub` is no text"}},
      {"Sub shape",
       Holding("{'Fn::Sub': ['${v}']}"),
       {kAt +
        ".Fn::Sub: `Fn::Sub` takes a text, or [text, {variable: value}] | Its text cannot itself be a function."}},
  });
}

TEST(CheckFunctions, Shapes) {
  const std::string mapping = "'Mappings': {'M': {'a': {'b': 'x'}}}, ";
  const std::string condition = "'Conditions': {'C': {'Fn::Equals': ['a', 'b']}}, ";
  Expect({
      {"unknown function",
       AsText("{'Fn::Jion': ['', []]}"),
       {kText + ".Fn::Jion: there is no function `Fn::Jion` | Did you mean `Fn::Join`?"}},
      {"beside other keys",
       AsText("{'Fn::Sub': 'x', 'Other': 'y'}"),
       {kText + ": `Value` of AWS::SSM::Parameter is a text, not a map",
        kText + ".Fn::Sub: `Fn::Sub` stands beside other keys | A function is the only key of its map: move the others "
                "out."}},
      {"null",
       AsText("null"),
       {"error Resources.R.Properties: AWS::SSM::Parameter needs `Value`",
        kText + ": nothing is written here, and CloudFormation refuses null | Leave the key out, or give it a value."}},
      {"Join", Holding("{'Fn::Join': ['a', 'b']}"), {kAt + ".Fn::Join: `Fn::Join` takes [separator, [values]]"}},
      {"Join of a list",
       Holding("{'Fn::Join': ['a', [['b']]]}"),
       {kAt + ".Fn::Join[1][0]: `Fn::Join` joins texts, and this is a list"}},
      {"Join of a function's list", Holding("{'Fn::Join': [',', {'Fn::GetAZs': ''}]}"), {}},
      {"Join with a function as separator",
       Holding("{'Fn::Join': [{'Ref': 'B'}, ['b']]}"),
       {kAt + ".Fn::Join: `Fn::Join` takes [separator, [values]]"}},
      {"Select", Holding("{'Fn::Select': ['x', ['b']]}"), {kAt + ".Fn::Select: `Fn::Select` takes [index, list]"}},
      {"Select beyond",
       Holding("{'Fn::Select': [2, ['a', 'b']]}"),
       {kAt + ".Fn::Select: `Fn::Select` takes item 2, and there are 2"}},
      {"Split", Holding("{'Fn::Split': [',']}"), {kAt + ".Fn::Split: `Fn::Split` takes [separator, text]"}},
      {"Base64", Holding("{'Fn::Base64': ['x']}"), {kAt + ".Fn::Base64: `Fn::Base64` takes a text"}},
      {"If",
       Holding("{'Fn::If': ['C', 'x']}", condition),
       {kAt + ".Fn::If: `Fn::If` takes [condition, value, other value]"}},
      {"If without its condition",
       Holding("{'Fn::If': ['Other', 'x', 'y']}", condition),
       {kAt + ".Fn::If: there is no condition `Other`"}},
      {"Equals outside of conditions",
       AsText("{'Fn::Equals': ['x', 'y']}"),
       {kText +
        ".Fn::Equals: `Fn::Equals` can only be used in Conditions | Give the condition a name there, and use it "
        "by `Fn::If`."}},
      {"FindInMap",
       Holding("{'Fn::FindInMap': ['M', 'a']}", mapping),
       {kAt + ".Fn::FindInMap: `Fn::FindInMap` takes [map, key, key]"}},
      {"FindInMap of nothing",
       Holding("{'Fn::FindInMap': ['N', 'a', 'b']}", mapping),
       {kAt + ".Fn::FindInMap: there is no mapping `N`"}},
      {"FindInMap key",
       Holding("{'Fn::FindInMap': ['M', 'x', 'b']}", mapping),
       {kAt + ".Fn::FindInMap: the mapping `M` has no key `x`"}},
      {"FindInMap second key",
       Holding("{'Fn::FindInMap': ['M', 'a', 'c']}", mapping),
       {kAt + ".Fn::FindInMap: the mapping `M` has no key `c`"}},
      {"FindInMap of what is not known", Holding("{'Fn::FindInMap': ['M', {'Ref': 'AWS::Region'}, 'c']}", mapping), {}},
      {"ImportValue",
       Holding("{'Fn::ImportValue': ['x']}"),
       {kAt + ".Fn::ImportValue: `Fn::ImportValue` takes the name of an export"}},
      {"GetAZs",
       Holding("{'Fn::GetAZs': ['x']}"),
       {kAt + ".Fn::GetAZs: `Fn::GetAZs` takes a region, or \"\" for the stack's own"}},
      {"Cidr",
       Holding("{'Fn::Cidr': ['10.0.0.0', 300, 200]}"),
       {kAt + ".Fn::Cidr: `10.0.0.0` is no block of addresses | For example 10.0.0.0/16.",
        kAt + ".Fn::Cidr: `Fn::Cidr` makes 1 to 256 blocks", kAt + ".Fn::Cidr: the bits of `Fn::Cidr` are 1 to 128"}},
      {"Length needs a transform",
       Holding("{'Fn::Length': ['x']}"),
       {kAt +
        ".Fn::Length: `Fn::Length` needs `Transform: AWS::LanguageExtensions` | Add it to the top of the template."}},
      {"Length with it", Holding("{'Fn::Length': ['x']}", "'Transform': 'AWS::LanguageExtensions', "), {}},
      {"ToJsonString",
       Holding("{'Fn::ToJsonString': 'x'}", "'Transform': 'AWS::LanguageExtensions', "),
       {kAt + ".Fn::ToJsonString: `Fn::ToJsonString` takes a list or a map"}},
      {"Transform",
       Holding("{'Fn::Transform': 'x'}"),
       {kAt + ".Fn::Transform: `Fn::Transform` takes {Name: …, Parameters: …}"}},
      {"ForEach",
       Holding("{'Fn::ForEach::X': ['x', ['a']]}", "'Transform': 'AWS::LanguageExtensions', "),
       {kAt + ".Fn::ForEach::X: `Fn::ForEach` takes [name, values, {key: what is repeated}]"}},
  });
}

TEST(CheckFunctions, Conditions) {
  const auto condition = [](const std::string& text) {
    return "{'Parameters': {'P': {'Type': 'String'}}, 'Conditions': {'C': " + text +
           "}, 'Resources': {'B': {'Type': 'AWS::S3::Bucket', 'Condition': 'C'}}}";
  };
  const std::string why =
      " | Conditions are settled before any resource is made: they can only look at parameters and mappings.";
  Expect({
      {"a text",
       condition("'x'"),
       {"error Conditions.C: the condition `C` is a map, not a string",
        "error Conditions.C: this is no condition | A condition is one of `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` "
        "and `Condition`."}},
      {"a resource",
       condition("{'Fn::Equals': [{'Ref': 'B'}, 'x']}"),
       {"error Conditions.C.Fn::Equals[0].Ref: a condition refers to the resource `B`" + why}},
      {"an attribute",
       condition("{'Fn::Equals': [{'Fn::GetAtt': ['B', 'Arn']}, 'x']}"),
       {"error Conditions.C.Fn::Equals[0].Fn::GetAtt: a condition refers to the resource `B`" + why}},
      {"a Sub of a resource",
       condition("{'Fn::Equals': [{'Fn::Sub': '${B}${B.Arn}'}, 'x']}"),
       {"error Conditions.C.Fn::Equals[0].Fn::Sub: a condition refers to the resource `B`" + why}},
      {"not",
       condition("{'Fn::Not': [{'Condition': 'D'}]}"),
       {"error Conditions.C.Fn::Not[0].Condition: there is no condition `D`"}},
      {"and",
       condition("{'Fn::And': [{'Fn::Equals': ['a', 'b']}]}"),
       {"error Conditions.C.Fn::And: `Fn::And` takes 2 to 10 conditions"}},
      {"or of texts",
       condition("{'Fn::Or': ['a', {'Fn::Equals': ['a', 'b']}]}"),
       {"error Conditions.C.Fn::Or[0]: this is no condition | A condition is one of `Fn::Equals`, `Fn::And`, `Fn::Or`, "
        "`Fn::Not` and "
        "`Condition`."}},
      {"if",
       condition("{'Fn::Equals': [{'Fn::If': ['C', 'a', 'b']}, 'b']}"),
       {"error Conditions.C.Fn::Equals[0].Fn::If: `Fn::If` cannot be used in Conditions"}},
      {"itself",
       condition("{'Fn::Not': [{'Condition': 'C'}]}"),
       {"error Conditions.C: conditions need each other in a circle: C → C | Take one of them out."}},
      {"a decent one",
       condition("{'Fn::Or': [{'Fn::Equals': [{'Ref': 'P'}, 'x']}, {'Fn::Equals': [{'Ref': 'AWS::Region'}, 'y']}]}"),
       {}},
  });
}

TEST(CheckFunctions, Circles) {
  const auto bucket = [](const std::string& name, const std::string& value, const std::string& rest = "") {
    return "'" + name + "': {'Type': 'AWS::S3::Bucket', 'Properties': {'BucketName': " + value + "}" + rest + "}";
  };
  const std::string hint = " | Take one of the references out, or make it a resource of its own.";
  Expect({
      {"by Ref and Sub",
       "{'Resources': {" + bucket("A", "{'Ref': 'C'}") + ", " + bucket("C", "{'Fn::Sub': 'x-${A}'}") + "}}",
       {"error Resources.A: resources need each other in a circle: A → C → A" + hint}},
      {"by DependsOn",
       "{'Resources': {" + bucket("A", "'xyz'", ", 'DependsOn': 'C'") + ", " +
           bucket("C", "'xyz'", ", 'DependsOn': ['D']") + ", " + bucket("D", "{'Fn::If': ['Q', {'Ref': 'A'}, 'xyz']}") +
           "}, 'Conditions': {'Q': {'Fn::Equals': ['a', 'b']}}}",
       {"error Resources.A: resources need each other in a circle: A → C → D → A" + hint}},
      {"on itself",
       "{'Resources': {" + bucket("A", "{'Ref': 'A'}") + "}}",
       {"error Resources.A: resources need each other in a circle: A → A" + hint}},
      {"a variable of the same name",
       "{'Resources': {" + bucket("A", "{'Fn::Sub': ['${A}', {'A': 'xyz'}]}") + "}}",
       {}},
  });
  std::string chain = "{'Resources': {";
  for (int i = 0; i < 400; ++i) {
    chain += (i ? ", " : "") + bucket("A" + std::to_string(i), "{'Ref': 'A" + std::to_string((i + 1) % 400) + "'}");
  }
  EXPECT_THAT(CheckText(chain + "}}"),
              testing::ElementsAre(
                  "error Resources.A0: resources need each other in a circle: A0 → A1 → A2 → A3 → A4 → A5 → A6 → A7 "
                  "→ A8 → A9 → A10 → A11 → … → A0" +
                  hint));
}

}  // namespace
}  // namespace perch::cfn
