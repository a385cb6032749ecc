#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/value.h"

namespace perch::cfn {

/// A value that CloudFormation computes: an intrinsic function, in its long form ({"Ref": "Bucket"}).
struct Expression {
  Value value;
};

template <typename T>
concept Whole = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <typename T>
concept Literal = std::is_same_v<T, const char*> || std::is_same_v<T, std::string_view>;

/// What a property of type T may be written as besides a T: `.name = "x"`, and any whole number for a number.
template <typename From, typename T>
concept WrittenFor = (std::same_as<T, std::string> && Literal<From>) || (std::same_as<T, std::int64_t> && Whole<From>);

/// A property of a resource: a literal, an expression, or not set. Unset ones are not printed.
template <typename T>
class Property {
 public:
  Property() = default;
  Property(T literal) { value_.data = std::move(literal); }
  Property(Expression expression) : value_(std::move(expression.value)) {}
  template <WrittenFor<T> From>
  Property(From literal) {
    value_.data = T(literal);
  }

  bool is_set() const { return !value_.IsNull(); }
  const Value& value() const { return value_; }

 private:
  Value value_;
};

using Text = Property<std::string>;
using Number = Property<std::int64_t>;
using Flag = Property<bool>;
using Texts = std::vector<Text>;

/// A JSON tree written in place, for policies and metadata: `Object({{"Effect", "Allow"}, {"Resource", Ref(bucket)}})`.
class Json {
 public:
  Json(const char* text) { value_.data = std::string(text); }
  Json(std::string text) { value_.data = std::move(text); }
  Json(bool flag) { value_.data = flag; }
  template <Whole From>
  Json(From number) {
    value_.data = std::int64_t(number);
  }
  Json(Expression expression) : value_(std::move(expression.value)) {}
  Json(Value value) : value_(std::move(value)) {}
  template <typename T>
  Json(const Property<T>& property) : value_(property.value()) {}
  Json(std::vector<Json> items) {
    Value::List list;
    list.reserve(items.size());
    for (Json& item : items) list.push_back(std::move(item.value_));
    value_.data = std::move(list);
  }

  const Value& value() const& { return value_; }
  Value value() && { return std::move(value_); }

 private:
  Value value_;
};

/// A map with these entries in this order.
Json Object(std::vector<std::pair<std::string, Json>> entries);
/// A list.
Json List(std::vector<Json> items);

/// The pseudo parameters (CloudFormation user guide, "Pseudo parameters reference").
Expression Region();
Expression AccountId();
Expression Partition();
Expression StackName();
Expression StackId();
Expression UrlSuffix();

/// Fn::Sub; `${Name}` and `${Name.Attribute}` in `text` are replaced by CloudFormation.
Expression Sub(std::string text);
/// The same with further names, each for a value.
Expression Sub(std::string text, std::vector<std::pair<std::string, Json>> values);
Expression Join(std::string separator, std::vector<Json> parts);
/// Of a list that is itself an expression.
Expression Join(std::string separator, Json list);
Expression Select(int index, Json list);
Expression SplitAt(std::string separator, Json text);
Expression If(std::string condition, Json then, Json otherwise);
/// The availability zones of the stack's region.
Expression AvailabilityZones();
/// `count` blocks of 2^`bits` addresses out of a network.
Expression CidrBlocks(Json network, int count, int bits);
/// An export of another stack. `name` may be an expression.
Expression Import(Json name);

/// "{{resolve:secretsmanager:SECRET:SecretString:KEY}}", with the secret's logical id inside a Sub.
std::string SecretReference(std::string_view logical_id, std::string_view key);

}  // namespace perch::cfn
