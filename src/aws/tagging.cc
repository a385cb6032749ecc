#include "aws/tagging.h"

#include "aws/json_pages.h"
#include "aws/xml.h"

namespace perch::aws {
namespace {

namespace json = boost::json;

TaggedResource ReadResource(const json::object& object) {
  TaggedResource resource{.arn = JsonText(object, "ResourceARN")};
  if (Answer<std::vector<json::object>> tags = JsonList(object, "Tags")) {
    for (const json::object& tag : *tags) resource.tags[JsonText(tag, "Key")] = JsonText(tag, "Value");
  }
  return resource;
}

}  // namespace

Pages<TaggedResource> Tagging::GetResources(const std::map<std::string, std::string>& tags) const {
  json::array filters;
  for (const auto& [key, value] : tags) {
    json::object filter = {{"Key", key}};
    if (!value.empty()) filter["Values"] = json::array{json::value(value)};
    filters.push_back(std::move(filter));
  }
  json::object input;
  if (!filters.empty()) input["TagFilters"] = std::move(filters);
  return JsonPages<TaggedResource>(client_, Service::kTagging, "GetResources", input, "ResourceTagMappingList",
                                   "PaginationToken", &ReadResource);
}

Answer<Certificate> Acm::DescribeCertificate(const std::string& arn) const {
  Answer<json::object> output = CallJson(client_, Service::kAcm, "DescribeCertificate", {{"CertificateArn", arn}});
  if (!output) return Failed(output.error());
  const json::object& object = JsonObject(*output, "Certificate");
  Certificate certificate{.arn = JsonText(object, "CertificateArn"),
                          .domain = JsonText(object, "DomainName"),
                          .status = JsonText(object, "Status")};
  if (certificate.arn.empty()) return Unreadable("it has no certificate");
  if (object.contains("NotAfter")) certificate.not_after = JsonTime(object, "NotAfter");
  if (const json::value* const names = object.if_contains("SubjectAlternativeNames"); names && names->is_array()) {
    for (const json::value& name : names->get_array()) {
      if (name.is_string()) certificate.names.emplace_back(name.get_string());
    }
  }
  return certificate;
}

}  // namespace perch::aws
