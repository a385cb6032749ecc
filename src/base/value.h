#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/source.h"

namespace perch {

/// A value a person wrote: a YAML scalar, list or map, each with the place it came from. Maps keep their order; keys
/// are unique.
struct Value {
  struct Entry;
  using List = std::vector<Value>;
  using Map = std::vector<Entry>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data;
  Source at;        ///< where it stands
  SharedText from;  ///< the profile that set it; "" outside of profiles, "default" when nobody did

  bool IsNull() const { return std::holds_alternative<std::monostate>(data); }
  const List* AsList() const { return std::get_if<List>(&data); }
  const Map* AsMap() const { return std::get_if<Map>(&data); }
  Map* AsMap() { return std::get_if<Map>(&data); }
  const std::string* AsString() const { return std::get_if<std::string>(&data); }

  /// The value under `key` of a map; nullptr if this is no map or has no such key.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);

  /// "a string", "a number", "true or false", "a list", "a map", "nothing".
  std::string_view KindName() const;
};

/// A key of a map with its value. `key_at` is where the key stands.
struct Value::Entry {
  std::string key;
  Value value;
  Source key_at;
};

/// One line of JSON with map keys sorted: the same text for the same meaning, whatever the order or place in the file.
/// For hashes and --json.
std::string CanonicalJson(const Value& value);

/// A string as a JSON string literal, with quotes. Invalid UTF-8 becomes U+FFFD.
std::string JsonString(std::string_view text);

/// The same, put at the end of `out`.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace perch
