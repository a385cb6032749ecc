#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/source.h"
#include "base/value.h"

namespace perch::config {

/// The profiles that are always there, and that perch brings defaults for.
inline constexpr std::array<std::string_view, 3> kBuiltInProfiles = {"production", "staging", "branch"};

/// What a key of perch.yaml holds, as the "#:" line above it in docs/perch.example.yaml says it.
struct Field {
  enum class Type {
    kText,          ///< "text"
    kName,          ///< "name"
    kHostName,      ///< "host name"
    kUrlPath,       ///< "URL path"
    kPath,          ///< "path": of a file, absolute or relative to perch.yaml
    kRelativePath,  ///< "relative path": within the code, without ".."
    kAbsolutePath,  ///< "absolute path"
    kPattern,       ///< "pattern": of branch or file names
    kProfileName,   ///< "profile name"
    kVariableName,  ///< "variable name"
    kValue,         ///< "value": of an environment variable; numbers, true and false count as they are written
    kNumber,        ///< "whole number from A to B"
    kDuration,      ///< "duration from A to B"
    kSize,          ///< "size from A to B"
    kFlag,          ///< "true or false"
    kChoice,        ///< "one of a, b, c"
    kCommand,       ///< "command"
    kList,          ///< "list of TYPE"
    kMap,           ///< "map": its keys are the ones below it in the example
    kTemplate,      ///< "template": any map, as CloudFormation writes it
    kNamed,         ///< "map from TYPE to TYPE": names are free; with "map" or "profile" as the second TYPE, the keys
                    ///< of all entries of the example together
  };

  std::string key;
  Type type = Type::kText;
  std::int64_t low = 0;   ///< kNumber; kDuration in milliseconds; kSize in bytes
  std::int64_t high = 0;  ///< likewise, inclusive
  std::string range;      ///< "from 1 to 64", for messages
  std::vector<std::string> choices;
  std::vector<Field> fields;    ///< kMap
  std::vector<Field> element;   ///< kList, kNamed: exactly one
  Type key_type = Type::kText;  ///< kNamed

  std::string default_text;  ///< after "default:", YAML or words; "" when there is none. Words are for people:
                             ///< of a text that is not in quotes, of a list that is not in brackets
  Value default_value;       ///< the same as a value, marked "default"; null without one or for words
  std::map<std::string, Value> perchs;  ///< "production: …", "staging: …", "branch: …": the defaults that perch brings
                                        ///< for its own profiles, marked "perch's production" and so on
  std::string because;                  ///< "because: …": why these differ, or why the default is that; for people
  bool required = false;                ///< "required"
  bool per_profile = false;             ///< "per profile": profiles may set it too
  bool from_branch = false;             ///< "a branch may set it"
  bool on_aws = false;                  ///< "on aws": it only counts, and is only shown, when the platform is aws
  std::vector<std::string> instead_of;  ///< "instead of a, b": excludes these keys beside it
  Source at;                            ///< in the example

  const Field* Find(std::string_view key) const;
  std::vector<std::string> Keys() const;
};

/// docs/perch.example.yaml, whole.
std::string_view ExampleText();

/// Reads a schema from an example file; the error names the line that is wrong.
Result<Field> ReadSchema(std::string_view example, const std::string& file);

/// The schema of perch.yaml: a kMap. Made once; thread-safe.
const Field& Schema();

/// The field at a path of the schema, "database.multi_az"; nullptr when the schema has none there.
const Field* FieldAt(std::string_view path);

/// What the type is, for messages: "a whole number from 1 to 64", "a list of patterns".
std::string Describe(const Field& field);

}  // namespace perch::config
