#include "cfn/check_context.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/suggest.h"
#include "base/text.h"

namespace perch::cfn {
namespace {

constexpr std::size_t kMostFindings = 5000;
constexpr std::size_t kMostCandidates = 4000;

const Value* SectionOf(const Value& document, std::string_view name) {
  const Value* section = document.Find(name);
  return section && section->AsMap() ? section : nullptr;
}

void Fill(const Value& document, std::string_view name, std::unordered_map<std::string_view, const Value*>& into) {
  const Value* section = SectionOf(document, name);
  if (!section) return;
  for (const Value::Entry& entry : *section->AsMap()) into.emplace(entry.key, &entry.value);
}

template <typename Section>
std::vector<std::string> Names(const Section& section) {
  std::vector<std::string> names;
  for (const auto& [name, value] : section) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string Place::TextBelow(const Place* ancestor) const {
  std::vector<const Place*> chain;
  for (const Place* place = this; place && place != ancestor && place->parent_; place = place->parent_) {
    chain.push_back(place);
  }
  std::string text;
  for (auto place = chain.rbegin(); place != chain.rend(); ++place) {
    if ((*place)->index_ >= 0) {
      text += "[" + std::to_string((*place)->index_) + "]";
    } else {
      text += (text.empty() ? "" : ".") + Printable((*place)->key_.substr(0, 300));
    }
  }
  return text;
}

std::string Place::Text() const { return TextBelow(nullptr); }

Source Place::At() const {
  for (const Place* place = this; place; place = place->parent_) {
    if (place->at_ && place->at_->line) return *place->at_;
  }
  return {};
}

Context::Context(const Value& d, const Schemas& s) : document(d), schemas(s) {
  if (const Value* section = SectionOf(d, "Resources")) {
    for (const Value::Entry& entry : *section->AsMap()) {
      ResourceInfo info{.value = &entry.value};
      const Value* type = entry.value.Find("Type");
      if (type && type->AsString()) info.type = *type->AsString();
      if (!info.type.empty()) info.schema = s.Find(info.type);
      resources.emplace(entry.key, info);
    }
  }
  Fill(d, "Parameters", parameters);
  Fill(d, "Conditions", conditions);
  Fill(d, "Mappings", mappings);
  const auto transform = [&](const Value& name) {
    if (name.AsString() && *name.AsString() == "AWS::LanguageExtensions") {
      extensions = true;
    } else {
      macros = true;
    }
  };
  if (const Value* names = d.Find("Transform")) {
    if (names->AsList()) {
      for (const Value& name : *names->AsList()) transform(name);
    } else {
      transform(*names);
    }
  }
  if (const Value* section = SectionOf(d, "Resources")) {
    for (const Value::Entry& entry : *section->AsMap()) macros |= entry.key.starts_with("Fn::");
  }
}

void Context::Add(Finding::Severity severity, const Place& place, std::string text, std::string hint) {
  if (findings.size() >= kMostFindings) return;
  findings.push_back({severity, place.Text(), place.At(), std::move(text), std::move(hint)});
}

void Context::Error(const Place& place, std::string text, std::string hint) {
  Add(Finding::Severity::kError, place, std::move(text), std::move(hint));
}
void Context::Warning(const Place& place, std::string text, std::string hint) {
  Add(Finding::Severity::kWarning, place, std::move(text), std::move(hint));
}
void Context::Notice(const Place& place, std::string text, std::string hint) {
  Add(Finding::Severity::kNotice, place, std::move(text), std::move(hint));
}

std::string Context::Suggest(std::string_view word, const std::vector<std::string>& candidates, std::string otherwise) {
  if (candidates.size() > kMostCandidates || suggestions_-- <= 0) return otherwise;
  const std::string lower = ToLower(word);
  for (const std::string& candidate : candidates) {
    if (ToLower(candidate) == lower) return "Did you mean `" + candidate + "`?";
  }
  // Between numbers, or one or two letters, nearness means nothing.
  if (word.size() < 3 || word.find_first_not_of("0123456789.") == word.npos) return otherwise;
  const std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? otherwise : "Did you mean `" + nearest + "`?";
}

const std::vector<std::string>& Context::TypeNames() {
  if (type_names_.empty()) type_names_ = schemas.Types();
  return type_names_;
}

const std::vector<std::string>& Context::ConditionNames() {
  if (condition_names_.empty()) condition_names_ = Names(conditions);
  return condition_names_;
}

const std::vector<std::string>& Context::MappingNames() {
  if (mapping_names_.empty()) mapping_names_ = Names(mappings);
  return mapping_names_;
}

const std::vector<std::string>& Context::ResourceIds() {
  if (resource_ids_.empty()) resource_ids_ = Names(resources);
  return resource_ids_;
}

const std::vector<std::string>& Context::Referable() {
  if (referable_.empty()) {
    referable_ = Names(parameters);
    referable_.insert(referable_.end(), ResourceIds().begin(), ResourceIds().end());
    for (const char* name :
         {"AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix"}) {
      referable_.push_back(std::string("AWS::") + name);
    }
    std::sort(referable_.begin(), referable_.end());
  }
  return referable_;
}

std::string Quoted(std::string_view text) {
  if (text.size() <= 100) return "`" + Printable(text) + "`";
  std::size_t cut = 97;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return "`" + Printable(text.substr(0, cut)) + "…`";
}

const Value::Entry* FunctionOf(const Value& value) {
  const Value::Map* map = value.AsMap();
  if (!map || map->size() != 1) return nullptr;
  const Value::Entry& entry = map->front();
  return entry.key == "Ref" || (entry.key.starts_with("Fn::") && !entry.key.starts_with("Fn::ForEach::")) ? &entry
                                                                                                          : nullptr;
}

bool IsNoValue(const Value& value) {
  const Value::Entry* function = FunctionOf(value);
  return function && function->key == "Ref" && function->value.AsString() &&
         *function->value.AsString() == "AWS::NoValue";
}

Gives ResultOf(const Value::Entry& function, const Context& context) {
  const std::string_view name = function.key;
  if (name == "Ref") {
    const std::string* id = function.value.AsString();
    if (!id) return Gives::kAnything;
    if (*id == "AWS::NoValue") return Gives::kNothing;
    if (*id == "AWS::NotificationARNs") return Gives::kList;
    const auto parameter = context.parameters.find(*id);
    if (parameter == context.parameters.end()) {
      return context.resources.contains(*id) || id->starts_with("AWS::") ? Gives::kScalar : Gives::kAnything;
    }
    const Value* type = parameter->second->Find("Type");
    if (!type || !type->AsString()) return Gives::kAnything;
    return type->AsString()->find("List") == std::string::npos ? Gives::kScalar : Gives::kList;
  }
  if (name == "Fn::Join" || name == "Fn::Sub" || name == "Fn::Base64" || name == "Fn::ImportValue" ||
      name == "Fn::ToJsonString" || name == "Fn::Length") {
    return Gives::kScalar;
  }
  if (name == "Fn::Split" || name == "Fn::GetAZs" || name == "Fn::Cidr") return Gives::kList;
  return Gives::kAnything;
}

Presence PresenceOf(const Value* value) {
  if (!value || value->IsNull()) return Presence::kAbsent;
  const Value::Entry* function = FunctionOf(*value);
  if (!function) return Presence::kPresent;
  if (IsNoValue(*value)) return Presence::kAbsent;
  const Value::List* arguments = function->value.AsList();
  if (function->key == "Fn::Transform") return Presence::kMaybe;
  if (function->key != "Fn::If" || !arguments || arguments->size() != 3) return Presence::kPresent;
  const Presence yes = PresenceOf(&(*arguments)[1]);
  const Presence no = PresenceOf(&(*arguments)[2]);
  return yes == no ? yes : Presence::kMaybe;
}

const std::string* ScalarText(const Value& value, std::string& buffer) {
  if (const std::string* text = value.AsString()) return text;
  if (const bool* truth = std::get_if<bool>(&value.data)) {
    buffer = *truth ? "true" : "false";
  } else if (const std::int64_t* whole = std::get_if<std::int64_t>(&value.data)) {
    buffer = std::to_string(*whole);
  } else if (const double* number = std::get_if<double>(&value.data)) {
    char text[40];
    buffer.assign(text, std::to_chars(text, text + sizeof text, *number).ptr);
  } else {
    return nullptr;
  }
  return &buffer;
}

const std::string* LiteralOf(const Value* map, std::string_view key, std::string& buffer) {
  const Value* value = map ? map->Find(key) : nullptr;
  const std::string* text = value ? ScalarText(*value, buffer) : nullptr;
  return text && !HasDynamicReference(*text) ? text : nullptr;
}

bool HasDynamicReference(std::string_view text) { return text.find("{{resolve:") != text.npos; }

std::size_t CharacterCount(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

std::optional<std::int64_t> WholeOf(const Value* value) {
  if (!value) return std::nullopt;
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value->data)) return *whole;
  if (const double* number = std::get_if<double>(&value->data)) {
    return std::abs(*number) < 1e15 && *number == std::floor(*number) ? std::optional(std::int64_t(*number))
                                                                      : std::nullopt;
  }
  const std::string* text = value->AsString();
  std::int64_t whole = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), whole);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(whole) : std::nullopt;
}

std::optional<bool> TruthOf(const Value* value) {
  if (!value) return std::nullopt;
  if (const bool* truth = std::get_if<bool>(&value->data)) return *truth;
  const std::string* text = value->AsString();
  if (text && EqualsIgnoreCase(*text, "true")) return true;
  if (text && EqualsIgnoreCase(*text, "false")) return false;
  return std::nullopt;
}

}  // namespace perch::cfn
