#include "cfn/expression.h"

namespace perch::cfn {
namespace {

Expression Call(const char* function, Json argument) { return {Object({{function, std::move(argument)}}).value()}; }

Expression Pseudo(const char* name) { return Call("Ref", name); }

}  // namespace

Json Object(std::vector<std::pair<std::string, Json>> entries) {
  Value::Map map;
  map.reserve(entries.size());
  for (auto& [key, json] : entries) map.push_back({std::move(key), std::move(json).value(), {}});
  return Json(Value{.data = std::move(map)});
}

Json List(std::vector<Json> items) { return Json(std::move(items)); }

Expression Region() { return Pseudo("AWS::Region"); }
Expression AccountId() { return Pseudo("AWS::AccountId"); }
Expression Partition() { return Pseudo("AWS::Partition"); }
Expression StackName() { return Pseudo("AWS::StackName"); }
Expression StackId() { return Pseudo("AWS::StackId"); }
Expression UrlSuffix() { return Pseudo("AWS::URLSuffix"); }

Expression Sub(std::string text) { return Call("Fn::Sub", std::move(text)); }

Expression Sub(std::string text, std::vector<std::pair<std::string, Json>> values) {
  return Call("Fn::Sub", List({std::move(text), Object(std::move(values))}));
}

Expression Join(std::string separator, std::vector<Json> parts) {
  return Call("Fn::Join", List({std::move(separator), List(std::move(parts))}));
}

Expression Join(std::string separator, Json list) {
  return Call("Fn::Join", List({std::move(separator), std::move(list)}));
}

Expression Select(int index, Json list) { return Call("Fn::Select", List({index, std::move(list)})); }

Expression SplitAt(std::string separator, Json text) {
  return Call("Fn::Split", List({std::move(separator), std::move(text)}));
}

Expression If(std::string condition, Json then, Json otherwise) {
  return Call("Fn::If", List({std::move(condition), std::move(then), std::move(otherwise)}));
}

Expression AvailabilityZones() { return Call("Fn::GetAZs", ""); }

Expression CidrBlocks(Json network, int count, int bits) {
  return Call("Fn::Cidr", List({std::move(network), count, bits}));
}

Expression Import(Json name) { return Call("Fn::ImportValue", std::move(name)); }

std::string SecretReference(std::string_view logical_id, std::string_view key) {
  return "{{resolve:secretsmanager:${" + std::string(logical_id) + "}:SecretString:" + std::string(key) + "}}";
}

}  // namespace perch::cfn
