#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {

const Value* Tree::At(std::string_view path) const {
  const Value* value = &values_;
  for (const std::string& key : Split(path, '.')) {
    if (value) value = value->Find(key);
  }
  return value;
}

bool Tree::IsWritten(std::string_view path) const {
  const Value* value = At(path);
  return value && value->at.line > 0;
}

std::string Tree::Text(std::string_view path) const {
  const Value* value = At(path);
  return value && value->AsString() ? *value->AsString() : "";
}

std::optional<int> Tree::MaybeNumber(std::string_view path) const {
  const Value* value = At(path);
  const auto* number = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
  return number ? std::optional(int(*number)) : std::nullopt;
}

bool Tree::Flag(std::string_view path) const {
  const Value* value = At(path);
  const bool* flag = value ? std::get_if<bool>(&value->data) : nullptr;
  return flag && *flag;
}

std::vector<std::string> Tree::Texts(std::string_view path) const {
  std::vector<std::string> texts;
  const Value* value = At(path);
  if (!value || !value->AsList()) return texts;
  for (const Value& item : *value->AsList()) {
    if (item.AsString()) texts.push_back(*item.AsString());
  }
  return texts;
}

std::string Tree::Told(std::string_view path) const {
  const Value* value = At(path);
  if (!value) return "nothing";
  const std::string text = value->AsString() ? *value->AsString() : CanonicalJson(*value);
  return value->at.line > 0 || value->from.empty() ? text : text + " (" + value->from + ")";
}

Source Tree::Place(std::string_view path) const {
  Source place;
  const Value* value = &values_;
  for (const std::string& key : Split(path, '.')) {
    const Value::Map* map = value->AsMap();
    const Value::Entry* found = nullptr;
    for (std::size_t i = 0; map && i < map->size(); ++i) {
      if ((*map)[i].key == key) found = &(*map)[i];
    }
    if (!found) return place;
    if (found->key_at.line > 0) place = found->key_at;
    value = &found->value;
  }
  return value->at.line > 0 ? value->at : place;
}

void Tree::Add(Source at, std::string text, std::string hint) {
  problems_.push_back({.at = std::move(at), .text = std::move(text), .hint = std::move(hint)});
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return "`" + std::string(text) + "`";
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "`" + std::string(text.substr(0, end)) + "…`";
}

std::optional<Arn> ParseArn(std::string_view text) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() < 6 || parts[0] != "arn" || !parts[1].starts_with("aws") ||
      !AllOf(parts[1], std::string(kLowerLetters) + "-")) {
    return std::nullopt;
  }
  return Arn{.partition = parts[1],
             .service = parts[2],
             .region = parts[3],
             .account = parts[4],
             .resource = Join({parts.begin() + 5, parts.end()}, ":")};
}

bool AllOf(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == text.npos;
}

}  // namespace perch::beanstalk
