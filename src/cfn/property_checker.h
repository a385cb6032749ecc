#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cfn/check_context.h"
#include "cfn/resource_schema.h"

namespace perch::cfn {

/// Compares the properties of one resource with its type's schema. CloudFormation turns numbers, truth values and texts
/// into each other; what a function gives is only known as far as `ResultOf` says.
class PropertyChecker {
 public:
  /// `properties` is the place of all properties: findings name what is below it.
  PropertyChecker(Context& context, const ResourceSchema& schema, const Place& properties);

  /// `hops` counts schemas that were entered without going deeper into the value.
  void Check(int index, const Value& value, const Place& place, int hops);

 private:
  void Error(const Place& place, std::string text, std::string hint = "");
  /// A pattern was not understood, or hit a limit.
  void Unsure();
  std::string Name(const Place& place) const;
  /// The kinds a node allows, by its references too.
  unsigned KindsOf(int index) const;

  void Function(int index, const Value::Entry& function, const Place& at, const Place& place);
  bool Kinds(const SchemaNode& node, const Value& value, const Place& place);
  void Items(const SchemaNode& node, const Value::List& list, const Place& place);
  void Fields(const SchemaNode& node, const Value& value, const Place& place);
  void Relations(const SchemaNode& node, const Value& value, const Place& place);
  void AnyOf(const std::vector<int>& forms, const Value& value, const Place& place, int hops);
  bool Fits(int index, const Value& value, const Place& place, int hops, std::string& why);
  void Scalar(const SchemaNode& node, const Value& value, const std::string& text, const Place& place);

  static std::string List(const SchemaNode::Names& names, std::string_view last);
  static std::string KindNames(unsigned kinds);
  static std::string Described(const Place& place, const Value& value);
  static std::optional<double> NumberOf(const Value& value);

  Context& context_;
  const ResourceSchema& schema_;
  const Place& properties_;
  bool quiet_ = false;  ///< trying whether a schema fits: errors are only counted
  bool unsure_ = false;
  int errors_ = 0;
  std::string first_;  ///< the first error while quiet
};

}  // namespace perch::cfn
