#include "aws/error_body.h"

#include <boost/json.hpp>

#include "aws/client.h"
#include "aws/xml.h"

namespace perch::aws {
namespace {

/// "com.amazonaws.ssm#ParameterNotFound:http://…" → "ParameterNotFound".
std::string BareCode(std::string_view code) {
  code = code.substr(0, code.find(':'));
  if (const std::size_t hash = code.rfind('#'); hash != code.npos) code.remove_prefix(hash + 1);
  return std::string(code);
}

std::string StringIn(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

void ReadJson(const net::RemoteResponse& response, Failure& failure) {
  failure.code = BareCode(HeaderOf(response.headers, "x-amzn-ErrorType"));
  boost::system::error_code bad;
  const boost::json::value value = boost::json::parse(response.body, bad);
  if (bad || !value.is_object()) return;
  const boost::json::object& body = value.get_object();
  if (failure.code.empty()) failure.code = BareCode(StringIn(body, "__type"));
  if (failure.code.empty()) failure.code = BareCode(StringIn(body, "code"));
  failure.message = StringIn(body, "message");
  if (failure.message.empty()) failure.message = StringIn(body, "Message");
}

void ReadXml(const net::RemoteResponse& response, Failure& failure) {
  pugi::xml_document document;
  if (!ParseXml(response.body, "", document)) return;
  const pugi::xml_node root = document.document_element();
  pugi::xml_node error = root;                                            // S3: <Error>
  if (root.child("Error")) error = root.child("Error");                   // query: <ErrorResponse><Error>
  if (root.child("Errors")) error = root.child("Errors").child("Error");  // EC2: <Response><Errors><Error>
  failure.code = TextOf(error, "Code");
  failure.message = TextOf(error, "Message");
  failure.region = TextOf(error, "Region");
  for (const char* name : {"RequestId", "RequestID"}) {
    if (failure.request_id.empty()) failure.request_id = TextOf(root, name);
    if (failure.request_id.empty()) failure.request_id = TextOf(error, name);
  }
}

/// What a status says alone: the answer to HEAD has no body.
std::string_view CodeOf(int status) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 403:
      return "AccessDenied";
    case 404:
      return "NotFound";
    case 412:
      return "PreconditionFailed";
    case 503:
      return "SlowDown";
    default:
      return "";
  }
}

}  // namespace

Failure ReadFailure(Service service, const net::RemoteResponse& response) {
  Failure failure{.status = response.status};
  if (FactsOf(service).protocol == Protocol::kJson)
    ReadJson(response, failure);
  else
    ReadXml(response, failure);
  for (const char* name : {"x-amzn-RequestId", "x-amz-request-id"}) {
    if (failure.request_id.empty()) failure.request_id = HeaderOf(response.headers, name);
  }
  if (failure.region.empty()) failure.region = HeaderOf(response.headers, "x-amz-bucket-region");
  if (!IsRegion(failure.region)) failure.region.clear();
  if (failure.code.empty() && service == Service::kS3 && response.body.empty()) failure.code = CodeOf(response.status);
  if (failure.code.empty() && failure.message.empty()) {
    failure.message = "HTTP status " + std::to_string(response.status) + " without a reason";
  }
  Classify(failure);
  return failure;
}

bool IsErrorDespiteStatus(Service service, const net::RemoteResponse& response) {
  if (service != Service::kS3 || response.status != 200 || response.body.size() > 16384) return false;
  if (!HeaderOf(response.headers, "Content-Type").ends_with("/xml")) return false;
  pugi::xml_document document;
  return ParseXml(response.body, "Error", document).has_value();
}

}  // namespace perch::aws
