#include "aws/service_quotas.h"

#include "aws/json_protocol.h"
#include "aws/xml.h"

namespace perch::aws {

namespace json = boost::json;

Answer<double> ServiceQuotas::GetServiceQuota(const std::string& service, const std::string& code) const {
  Answer<json::object> output =
      CallJson(client_, Service::kServiceQuotas, "GetServiceQuota", {{"ServiceCode", service}, {"QuotaCode", code}});
  if (!output) return Failed(output.error());
  const json::object& quota = JsonObject(*output, "Quota");
  if (!quota.contains("Value")) return Unreadable("it has no value");
  return JsonNumber(quota, "Value");
}

}  // namespace perch::aws
