#include "cli/json.h"

#include <boost/json.hpp>

namespace perch::cli {
namespace {

Value Convert(const boost::json::value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return {};
    case boost::json::kind::bool_:
      return {json.get_bool()};
    case boost::json::kind::int64:
      return {json.get_int64()};
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return {json.to_number<double>()};
    case boost::json::kind::string:
      return {std::string(json.get_string())};
    case boost::json::kind::array: {
      Value::List list;
      for (const boost::json::value& item : json.get_array()) list.push_back(Convert(item));
      return {std::move(list)};
    }
    case boost::json::kind::object: {
      Value::Map map;
      for (const auto& [key, value] : json.get_object())
        map.push_back({.key = std::string(key), .value = Convert(value)});
      return {std::move(map)};
    }
  }
  return {};
}

}  // namespace

Result<Value> ParseJson(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value json = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error) return Fail({.what = "perch serve sent an answer that is no JSON", .why = error.message()});
  return Convert(json);
}

std::string StringAt(const Value& object, std::string_view key) {
  const Value* value = object.Find(key);
  const std::string* text = value ? value->AsString() : nullptr;
  return text ? *text : "";
}

std::int64_t NumberAt(const Value& object, std::string_view key) {
  const Value* value = object.Find(key);
  const std::int64_t* number = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
  return number ? *number : 0;
}

}  // namespace perch::cli
