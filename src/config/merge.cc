#include "config/merge.h"

#include <algorithm>
#include <utility>

namespace perch::config {
namespace {

/// The fields of the values under `key`, when they are known: of a map its own, of names all the same.
const Field* Inner(const Field& field, const std::string& key) {
  if (field.type == Field::Type::kTemplate) return &field;
  if (field.type == Field::Type::kNamed) return &field.element[0];
  return field.Find(key);
}

/// Whether a value of a template is a call of a function, {"Ref": "Queue"}.
bool IsCall(const Value& value) {
  const Value::Map* map = value.AsMap();
  if (!map || map->size() != 1) return false;
  const std::string& key = map->front().key;
  return key == "Ref" || key == "Condition" || key.starts_with("Fn::");
}

bool Exclude(const Field& map, const std::string& a, const std::string& b) {
  const auto lists = [&](const std::string& one, const std::string& other) {
    const Field* field = map.Find(one);
    return field && std::find(field->instead_of.begin(), field->instead_of.end(), other) != field->instead_of.end();
  };
  return lists(a, b) || lists(b, a);
}

void Erase(Value::Map& map, const std::string& key) {
  std::erase_if(map, [&](const Value::Entry& entry) { return entry.key == key; });
}

/// Without the nulls in it, which have nothing to take away.
Value WithoutNulls(const Value& value) {
  const Value::Map* map = value.AsMap();
  if (!map) return value;
  Value::Map kept;
  for (const Value::Entry& entry : *map) {
    if (!entry.value.IsNull()) kept.push_back({entry.key, WithoutNulls(entry.value), entry.key_at});
  }
  return {.data = std::move(kept), .at = value.at, .from = value.from};
}

}  // namespace

void Stamp(Value& value, const std::string& from) {
  value.from = from;
  if (auto* list = std::get_if<Value::List>(&value.data)) {
    for (Value& item : *list) Stamp(item, from);
  } else if (Value::Map* map = value.AsMap()) {
    for (Value::Entry& entry : *map) Stamp(entry.value, from);
  }
}

Value Merge(const Value& base, const Value& over, const Field& field) {
  if (!base.AsMap() || !over.AsMap()) return WithoutNulls(over);
  if (field.type == Field::Type::kTemplate && (IsCall(base) || IsCall(over))) return WithoutNulls(over);
  Value merged = base;
  Value::Map& map = *merged.AsMap();
  for (const Value::Entry& entry : *over.AsMap()) {
    if (entry.value.IsNull()) {
      Erase(map, entry.key);
      continue;
    }
    if (field.type == Field::Type::kMap) {
      std::erase_if(map, [&](const Value::Entry& other) { return Exclude(field, entry.key, other.key); });
    }
    const Field* inner = Inner(field, entry.key);
    if (Value* old = merged.Find(entry.key); old && inner) {
      *old = Merge(*old, entry.value, *inner);
    } else {
      map.push_back({entry.key, WithoutNulls(entry.value), entry.key_at});
    }
  }
  return merged;
}

Value WithDefaults(const Value& value, const Field& field, const Defaults& defaults) {
  const Value::Map* map = value.AsMap();
  if (field.type != Field::Type::kMap || !map) return value;
  const auto is_excluded = [&](const Field& inner) {
    return std::any_of(map->begin(), map->end(), [&](const auto& e) { return Exclude(field, e.key, inner.key); });
  };
  Value::Map filled;
  for (const Field& inner : field.fields) {
    if (inner.on_aws && !defaults.aws) continue;
    const auto entry = std::find_if(map->begin(), map->end(), [&](const auto& e) { return e.key == inner.key; });
    const auto perchs = inner.perchs.find(defaults.perchs);
    if (entry != map->end() && !entry->value.IsNull()) {
      filled.push_back({inner.key, WithDefaults(entry->value, inner, defaults), entry->key_at});
    } else if (is_excluded(inner)) {
      continue;
    } else if (inner.type == Field::Type::kMap) {
      Value nothing = WithDefaults({.data = Value::Map{}, .from = "default"}, inner, defaults);
      if (!nothing.AsMap()->empty()) filled.push_back({inner.key, std::move(nothing), {}});
    } else if (perchs != inner.perchs.end()) {
      filled.push_back({inner.key, perchs->second, {}});
    } else if (!inner.default_value.IsNull()) {
      filled.push_back({inner.key, inner.default_value, {}});
    }
  }
  return {.data = std::move(filled), .at = value.at, .from = value.from};
}

bool Same(const Value& a, const Value& b) { return CanonicalJson(a) == CanonicalJson(b); }

Value Difference(const Value& base, const Value& value) {
  const Value::Map* map = value.AsMap();
  if (!map || !base.AsMap()) return Same(base, value) ? Value{} : value;
  Value::Map changed;
  for (const Value::Entry& entry : *map) {
    const Value* old = base.Find(entry.key);
    if (entry.value.IsNull()) {
      if (old && !old->IsNull()) changed.push_back(entry);
      continue;
    }
    Value difference = old ? Difference(*old, entry.value) : entry.value;
    if (!difference.IsNull()) changed.push_back({entry.key, std::move(difference), entry.key_at});
  }
  return changed.empty() ? Value{} : Value{.data = std::move(changed), .at = value.at, .from = value.from};
}

}  // namespace perch::config
