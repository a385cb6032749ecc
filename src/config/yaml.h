#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source.h"
#include "base/value.h"
#include "config/diagnostics.h"

namespace perch::config {

/// A YAML node as it was written, before anybody decided what its text means.
struct Node {
  enum class Kind { kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kScalar;
  std::string text;            ///< kScalar: the text, unquoted and unescaped
  std::string tag;             ///< one of CloudFormation's short tags, "!Ref"; "" for none
  bool plain = false;          ///< kScalar: written without quotes, so it may mean a number, true, false or null
  bool broken = false;         ///< already complained about; not to be looked at further
  std::vector<Node> items;     ///< kList
  std::vector<Entry> entries;  ///< kMap; keys are unique
  Source at;                   ///< its first byte
  std::size_t width = 1;       ///< bytes that a caret line marks, on its first line

  const Node* Find(std::string_view key) const;
};

struct Node::Entry {
  std::string key;
  Source key_at;
  std::size_t key_width = 1;
  Node value;
};

/// Limits of perch.yaml; beyond them it is refused.
inline constexpr std::size_t kMostYamlBytes = 1 << 20;
inline constexpr int kDeepestYaml = 32;
inline constexpr std::size_t kMostYamlEntries = 1000;  ///< of one map or list

struct YamlOptions {
  int deepest = kDeepestYaml;                   ///< levels of nesting
  std::size_t most_entries = kMostYamlEntries;  ///< of one map or list
  bool any_scalar_key = false;                  ///< a key like `80` counts as the text it is written as
};

/// Reads one YAML 1.2 document; nullopt after an error that ended reading. Refused, each with its place: duplicate
/// keys, keys that are no text, tabs in indentation, invalid UTF-8, anchors, aliases, merge keys, tags other than
/// CloudFormation's, directives, a second document, and what exceeds the limits. An empty document is an empty plain
/// scalar. Time is linear in the size.
std::optional<Node> ParseYaml(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options = {});

/// Refuses what no text that perch reads may hold: more than 1 MiB, control characters, invalid UTF-8, line breaks that
/// editors do not show, a byte order mark. Whether the text may be read further.
bool CheckBytes(std::string_view text, Diagnostics& diagnostics);

/// What a node means in YAML 1.2's core schema: `012` is 12, `yes` is a string. Lists and maps in the same order.
Value CoreValue(const Node& node);

/// The same for one scalar's text and style.
Value CoreScalar(const Node& node);

}  // namespace perch::config
