#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"
#include "config/yaml.h"

namespace perch::config {

/// The function that a short tag of CloudFormation's YAML stands for: "!Ref" is "Ref", "!GetAtt" is "Fn::GetAtt"; ""
/// for any other tag (CloudFormation user guide, "Intrinsic function reference").
std::string LongForm(std::string_view tag);

/// All short tags: "!Ref", "!GetAtt" and so on.
std::span<const std::string> ShortTags();

/// What a node of a template means: like CoreValue, with tags in their long form, `!GetAtt A.B.C` as
/// {"Fn::GetAtt": ["A", "B.C"]}. A tagged scalar is a text. Broken nodes are left out.
Value TemplateValue(const Node& node);

/// Reads a team's own CloudFormation template, YAML or JSON, with the place of every value. Refused (kUsage, all that
/// is wrong in one error): what ParseYaml refuses, more than 1 MB, 64 levels, 5,000 entries in one map or list, and
/// what is no map.
Result<Value> ReadTemplate(std::string_view text, const std::string& file_name);

}  // namespace perch::config
