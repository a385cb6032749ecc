#pragma once

#include <string>

#include "base/value.h"

namespace perch::cfn {

/// A template as JSON, two spaces a level, ended by a line end. The same tree gives the same bytes.
std::string PrintJson(const Value& document);

/// The same without any space: what is sent, and what the limits of CloudFormation count.
std::string PrintCompactJson(const Value& document);

/// The same as YAML that CloudFormation reads back as the same tree; functions in their long form.
std::string PrintYaml(const Value& document);

}  // namespace perch::cfn
