#include "base/value.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/text.h"

namespace perch {

const Value* Value::Find(std::string_view key) const {
  const Map* map = AsMap();
  if (!map) return nullptr;
  const auto at = std::find_if(map->begin(), map->end(), [&](const auto& entry) { return entry.key == key; });
  return at == map->end() ? nullptr : &at->value;
}

Value* Value::Find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).Find(key)); }

std::string_view Value::KindName() const {
  switch (data.index()) {
    case 0:
      return "nothing";
    case 1:
      return "true or false";
    case 2:
    case 3:
      return "a number";
    case 4:
      return "a string";
    case 5:
      return "a list";
    default:
      return "a map";
  }
}

std::string JsonString(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 2);
  AppendJsonString(text, json);
  return json;
}

void AppendJsonString(std::string_view text, std::string& json) {
  json += '"';
  const auto is_itself = [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    while (i < text.size() && is_itself(static_cast<unsigned char>(text[i]))) ++i;
    json.append(text, begin, i - begin);
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += char(c);
    } else if (c == '\n') {
      json += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      json += escape;
    } else {
      std::size_t length = 4;
      while (length > 1 && !(i + length <= text.size() && IsUtf8(text.substr(i, length)))) --length;
      // A prefix of more than one character can be well-formed too: keep to the one that starts here.
      while (length > 2 && IsUtf8(text.substr(i, length - 1))) --length;
      if (length == 1) {
        json += "\xef\xbf\xbd";
      } else {
        json += text.substr(i, length);
        i += length - 1;
      }
    }
  }
  json += '"';
}

std::string CanonicalJson(const Value& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double d) const {
      char text[40];
      return std::string(text, std::to_chars(text, text + sizeof text, d).ptr);
    }
    std::string operator()(const std::string& text) const { return JsonString(text); }
    std::string operator()(const Value::List& list) const {
      std::string text = "[";
      for (const Value& item : list) text += (text.size() > 1 ? "," : "") + CanonicalJson(item);
      return text + "]";
    }
    std::string operator()(const Value::Map& map) const {
      std::vector<const Value::Entry*> entries;
      for (const auto& entry : map) entries.push_back(&entry);
      std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->key < b->key; });
      std::string text = "{";
      for (const auto* entry : entries) {
        text += (text.size() > 1 ? "," : "") + JsonString(entry->key) + ":" + CanonicalJson(entry->value);
      }
      return text + "}";
    }
  };
  return std::visit(Printer(), value.data);
}

}  // namespace perch
