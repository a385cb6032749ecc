#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cfn/pattern.h"

namespace perch::cfn {

/// The kinds of JSON values, as bits.
enum Kind : unsigned { kText = 1, kWhole = 2, kDecimal = 4, kTruth = 8, kItems = 16, kFields = 32, kNull = 64 };

/// One schema of a type's tree; others are named by their position in ResourceSchema::nodes, -1 for none. A keyword
/// that is not here is not checked.
struct SchemaNode {
  using Names = std::vector<std::string>;

  unsigned kinds = 0;                                   ///< a set of Kind; 0: any
  int ref = -1;                                         ///< holds as well
  std::vector<std::pair<std::string, int>> properties;  ///< sorted by name
  std::vector<std::pair<Pattern, int>> pattern_properties;
  bool closed = false;  ///< no properties but those
  int additional = -1;  ///< what other properties must fit
  int items = -1;
  Names required;
  std::vector<Names> exactly_one;                              ///< cfn-lint's requiredXor
  std::vector<Names> at_least_one;                             ///< cfn-lint's requiredOr
  std::vector<std::pair<std::string, Names>> needs, excludes;  ///< dependentRequired, dependentExcluded
  std::vector<std::string> choices;                            ///< enum and const, as text; empty: any
  bool choices_ignore_case = false;
  std::optional<Pattern> pattern;
  std::optional<double> minimum, maximum;
  std::optional<std::size_t> least_length, most_length;  ///< characters
  std::optional<std::size_t> least_items, most_items;
  bool unique_items = false;
  std::vector<int> any_of, one_of, all_of;
  int if_node = -1, then_node = -1, else_node = -1;

  /// The node of a property that is listed by name; -1 when it is not.
  int Property(std::string_view name) const;
};

/// What CloudFormation's registry says of a resource type.
struct ResourceSchema {
  std::string type;
  std::vector<SchemaNode> nodes;             ///< [0] is that of Properties
  std::vector<std::string> attributes;       ///< for Fn::GetAtt: "Arn", "Endpoint.Address"; "*" is any one name
  std::vector<std::string> read_only;        ///< properties of the first level that only AWS sets
  std::vector<std::string> replacing;        ///< a change of these replaces the resource: "Tier.Name"
  std::vector<std::string> maybe_replacing;  ///< and of these, sometimes
};

/// Reads a schema as the CloudFormation registry writes it. Any text gets an answer: a schema of more than 4 MiB,
/// nested deeper than 64, or with more than 50,000 parts is an error (kFailed).
Result<ResourceSchema> ParseResourceSchema(std::string_view json, std::string_view type);

}  // namespace perch::cfn
