#pragma once

#include <string_view>

namespace perch::cfn {

/// src/cfn/known_types.json, which tools/known-types.py makes: a JSON object, one member a line:
/// `"AWS::S3::Bucket":{…},`.
std::string_view KnownTypesText();

}  // namespace perch::cfn
