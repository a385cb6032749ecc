#include "config/yaml_print.h"

#include "base/text.h"
#include "config/yaml.h"

namespace perch::config {
namespace {

/// Whether YAML reads the bare text as the same string, within lists and maps too.
bool IsPlain(const std::string& text) {
  constexpr std::string_view kNotFirst = "-?:,[]{}#&*!|>'\"%@` ";
  if (text.empty() || kNotFirst.find(text[0]) != kNotFirst.npos || text.back() == ' ' || text.back() == ':')
    return false;
  for (const unsigned char c : text) {
    if (c < 0x20 || c >= 0x7f || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') return false;
  }
  if (text.find(": ") != text.npos || text.find(" #") != text.npos) return false;
  return CoreScalar({.text = text, .plain = true}).AsString() != nullptr;
}

std::string PrintText(const std::string& text) { return IsPlain(text) ? text : JsonString(text); }

void PrintMap(const Value::Map& map, const std::string& indent, std::string& out) {
  for (const Value::Entry& entry : map) {
    out += indent + PrintText(entry.key) + ":";
    const Value::Map* inner = entry.value.AsMap();
    if (inner && !inner->empty()) {
      out += "\n";
      PrintMap(*inner, indent + "  ", out);
    } else {
      out += " " + PrintInline(entry.value) + "\n";
    }
  }
}

}  // namespace

std::string PrintInline(const Value& value) {
  if (value.IsNull()) return "null";
  if (const std::string* text = value.AsString()) return PrintText(*text);
  if (const Value::List* list = value.AsList()) {
    std::vector<std::string> items;
    for (const Value& item : *list) items.push_back(PrintInline(item));
    return "[" + Join(items, ", ") + "]";
  }
  if (const Value::Map* map = value.AsMap()) {
    std::vector<std::string> entries;
    for (const Value::Entry& entry : *map) entries.push_back(PrintText(entry.key) + ": " + PrintInline(entry.value));
    return "{" + Join(entries, ", ") + "}";
  }
  return CanonicalJson(value);
}

std::string PrintYaml(const Value& map) {
  std::string out;
  if (map.AsMap()) PrintMap(*map.AsMap(), "", out);
  return out;
}

}  // namespace perch::config
