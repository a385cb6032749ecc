#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/value.h"
#include "cfn/expression.h"

namespace perch::cfn {

/// What becomes of a resource when its stack is deleted, or an update replaces it. Without one CloudFormation deletes,
/// but keeps a snapshot of a database.
enum class Keep { kDelete, kSnapshot, kRetain };
std::string_view KeepName(Keep keep);  ///< "Delete", "Snapshot", "Retain"

/// What a resource has besides its properties.
struct Extra {
  std::optional<Keep> deletion_policy;
  std::optional<Keep> update_replace_policy;
  std::vector<std::string> depends_on;  ///< logical ids
  std::string condition;
  std::optional<Json> metadata;
};

/// An attribute of a resource of type T, as Fn::GetAtt knows it.
template <typename T>
struct Attribute {
  std::string_view name;
};

/// A resource that was added to a template: what Ref and GetAtt point at.
template <typename T>
struct Handle {
  std::string id;
};

template <typename T>
Expression Ref(const Handle<T>& resource) {
  return {Object({{"Ref", resource.id}}).value()};
}

/// Only attributes of the resource's own type fit.
template <typename T>
Expression GetAtt(const Handle<T>& resource, Attribute<T> attribute) {
  return {Object({{"Fn::GetAtt", List({Json(resource.id), Json(std::string(attribute.name))})}}).value()};
}

/// One output of a stack; `export_name` makes it importable by others.
struct Output {
  std::string description;
  Json value;
  std::optional<Json> export_name;
  std::string condition;
};

/// A template being built. Sections are printed in CloudFormation's usual order, entries in the order of adding: the
/// same calls give the same bytes.
class Template {
 public:
  explicit Template(std::string description);

  /// Adds a resource. `T` is one of the structs of cfn/types/: it has kType and Properties(). The id is 1 to 255
  /// letters and digits and not in use: anything else is a bug of the caller, and ends the program.
  template <typename T>
  Handle<T> Add(std::string id, const T& resource, Extra extra = {}) {
    AddResource(id, T::kType, resource.Properties(), std::move(extra));
    return {std::move(id)};
  }
  void AddOutput(std::string id, Output output);
  void AddCondition(std::string id, Expression condition);
  void SetMetadata(std::string key, Json value);

  /// The whole template as a tree.
  Value Document() const&;
  /// The same without copying it; the template is empty afterwards.
  Value Document() &&;

 private:
  void AddResource(const std::string& id, std::string_view type, Value properties, Extra extra);

  std::string description_;
  Value::Map metadata_, conditions_, resources_, outputs_;
};

/// A struct of properties within a resource.
template <typename T>
concept Nested = std::is_member_function_pointer_v<decltype(&T::Properties)>;

/// Collects the properties of a struct in the order they are added; unset ones are left out.
class Properties {
 public:
  Properties() { map_.reserve(8); }

  template <typename T>
  Properties& Add(const char* name, const Property<T>& property) {
    if (property.is_set()) Put(name, property.value());
    return *this;
  }
  template <typename T>
  Properties& Add(const char* name, const std::vector<Property<T>>& list) {
    Value::List items;
    items.reserve(list.size());
    for (const Property<T>& item : list) items.push_back(item.value());
    if (!items.empty()) Put(name, {.data = std::move(items)});
    return *this;
  }
  Properties& Add(const char* name, const std::optional<Json>& json) {
    if (json) Put(name, json->value());
    return *this;
  }
  /// A nested struct, or a list of them.
  template <Nested T>
  Properties& Add(const char* name, const std::optional<T>& nested) {
    if (nested) Put(name, nested->Properties());
    return *this;
  }
  template <Nested T>
  Properties& Add(const char* name, const std::vector<T>& nested) {
    Value::List items;
    items.reserve(nested.size());
    for (const T& item : nested) items.push_back(item.Properties());
    if (!items.empty()) Put(name, {.data = std::move(items)});
    return *this;
  }
  /// Once: what was collected is moved out.
  operator Value() { return {.data = std::move(map_)}; }

 private:
  void Put(const char* name, Value value);
  Value::Map map_;
};

}  // namespace perch::cfn
