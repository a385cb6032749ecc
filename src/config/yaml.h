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

/// Limits of a file; beyond them it is refused.
inline constexpr std::size_t kMostYamlBytes = 1 << 20;
inline constexpr int kDeepestYaml = 32;
inline constexpr std::size_t kMostYamlEntries = 1000;  ///< of one map or list

/// Reads one YAML 1.2 document; nullopt after an error that ended reading. Refused, each with its place: duplicate
/// keys, keys that are no text, tabs in indentation, invalid UTF-8, anchors, aliases, merge keys, tags, directives, a
/// second document, and what exceeds the limits. An empty document is an empty plain scalar. Time is linear in the
/// size.
std::optional<Node> ParseYaml(std::string_view text, Diagnostics& diagnostics);

/// What a node means in YAML 1.2's core schema: `012` is 12, `yes` is a string. Lists and maps in the same order.
Value CoreValue(const Node& node);

/// The same for one scalar's text and style.
Value CoreScalar(const Node& node);

}  // namespace perch::config
