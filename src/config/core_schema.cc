#include <charconv>
#include <utility>

#include "config/yaml.h"

namespace perch::config {
namespace {

std::optional<std::int64_t> CoreInteger(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  if (base == 10 && text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('+') || (base != 10 && text.starts_with('-'))) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?  (YAML 1.2, 10.3.2)
std::optional<double> CoreFloat(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  if (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9')) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  return number;
}

}  // namespace

Value CoreScalar(const Node& node) {
  Value value{.at = node.at};
  if (!node.plain) {
    value.data = node.text;
  } else if (node.text.empty() || node.text == "~" || node.text == "null" || node.text == "Null" ||
             node.text == "NULL") {
    value.data = std::monostate();
  } else if (node.text == "true" || node.text == "True" || node.text == "TRUE") {
    value.data = true;
  } else if (node.text == "false" || node.text == "False" || node.text == "FALSE") {
    value.data = false;
  } else if (const std::optional<std::int64_t> integer = CoreInteger(node.text)) {
    value.data = *integer;
  } else if (const std::optional<double> number = CoreFloat(node.text)) {
    value.data = *number;
  } else {
    value.data = node.text;
  }
  return value;
}

Value CoreValue(const Node& node) {
  if (node.kind == Node::Kind::kScalar) return CoreScalar(node);
  Value value{.at = node.at};
  if (node.kind == Node::Kind::kList) {
    Value::List list;
    for (const Node& item : node.items) list.push_back(CoreValue(item));
    value.data = std::move(list);
  } else {
    Value::Map map;
    for (const Node::Entry& entry : node.entries) map.push_back({entry.key, CoreValue(entry.value), entry.key_at});
    value.data = std::move(map);
  }
  return value;
}

}  // namespace perch::config
