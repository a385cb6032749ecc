#include "aws/json_protocol.h"

#include "aws/xml.h"

namespace perch::aws {

Answer<boost::json::object> CallJson(const Client& client, Service service, const std::string& operation,
                                     const boost::json::object& input) {
  const ServiceFacts& facts = FactsOf(service);
  const Call call{.service = service,
                  .operation = operation,
                  .headers = {{"Content-Type", "application/x-amz-json-" + std::string(facts.json_version)},
                              {"X-Amz-Target", std::string(facts.version) + "." + operation}},
                  .body = boost::json::serialize(input)};
  boost::json::object output;
  const auto read = [&](const net::RemoteResponse& response) -> Answer<void> {
    if (response.body.empty()) return {};  // operations without an output may send nothing
    boost::system::error_code bad;
    boost::json::value value = boost::json::parse(response.body, bad);
    if (bad || !value.is_object()) return Unreadable("it is no JSON object");
    output = std::move(value.get_object());
    return {};
  };
  Answer<net::RemoteResponse> response = client.Send(call, read);
  if (!response) return Failed(response.error());
  return output;
}

std::string JsonText(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

double JsonNumber(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  if (!value || !value->is_number()) return 0;
  return value->to_number<double>();
}

const boost::json::object& JsonObject(const boost::json::object& object, std::string_view key) {
  static const boost::json::object kNone;
  const boost::json::value* const value = object.if_contains(key);
  return value && value->is_object() ? value->get_object() : kNone;
}

Answer<std::vector<boost::json::object>> JsonList(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  if (!value || !value->is_array()) return Unreadable("it has no list '" + std::string(key) + "'");
  std::vector<boost::json::object> list;
  for (const boost::json::value& item : value->get_array()) {
    if (!item.is_object()) return Unreadable("its list '" + std::string(key) + "' holds something else than objects");
    list.push_back(item.get_object());
  }
  return list;
}

Time JsonTime(const boost::json::object& object, std::string_view key) {
  const double seconds = JsonNumber(object, key);
  if (!(seconds > 0 && seconds < 1e11)) return Time();
  return Time(std::chrono::milliseconds(std::int64_t(seconds * 1000)));
}

}  // namespace perch::aws
