#include "aws/parameters.h"

#include <algorithm>

#include "aws/json_pages.h"

namespace perch::aws {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostNamesPerDelete = 10;

Parameter ReadParameter(const json::object& object) {
  return {
      .name = JsonText(object, "Name"), .type = JsonText(object, "Type"), .value = Secret(JsonText(object, "Value"))};
}

StoredSecret ReadSecret(const json::object& object) {
  const json::value* const deleted = object.if_contains("DeletedDate");
  StoredSecret secret{
      .arn = JsonText(object, "ARN"), .name = JsonText(object, "Name"), .deleting = deleted && !deleted->is_null()};
  if (Answer<std::vector<json::object>> tags = JsonList(object, "Tags")) {
    for (const json::object& tag : *tags) secret.tags[JsonText(tag, "Key")] = JsonText(tag, "Value");
  }
  return secret;
}

}  // namespace

Answer<void> Ssm::PutParameter(const std::string& name, const Secret& value) const {
  Answer<json::object> output =
      CallJson(client_, Service::kSsm, "PutParameter",
               {{"Name", name}, {"Value", value.Reveal()}, {"Type", "SecureString"}, {"Overwrite", true}});
  if (!output) return Failed(output.error());
  return {};
}

Answer<void> Ssm::DeleteParameters(const std::vector<std::string>& names) const {
  for (std::size_t from = 0; from < names.size(); from += kMostNamesPerDelete) {
    const std::size_t to = std::min(names.size(), from + kMostNamesPerDelete);
    Answer<json::object> output =
        CallJson(client_, Service::kSsm, "DeleteParameters",
                 {{"Names", json::array(names.begin() + long(from), names.begin() + long(to))}});
    if (!output) return Failed(output.error());
  }
  return {};
}

Pages<Parameter> Ssm::GetParametersByPath(const std::string& path) const {
  return JsonPages<Parameter>(client_, Service::kSsm, "GetParametersByPath",
                              {{"Path", path}, {"Recursive", true}, {"WithDecryption", true}}, "Parameters",
                              "NextToken", &ReadParameter);
}

Pages<StoredSecret> SecretsManager::ListSecrets() const {
  return JsonPages<StoredSecret>(client_, Service::kSecretsManager, "ListSecrets", {{"IncludePlannedDeletion", true}},
                                 "SecretList", "NextToken", &ReadSecret);
}

Answer<StoredSecret> SecretsManager::DescribeSecret(const std::string& id) const {
  Answer<json::object> output = CallJson(client_, Service::kSecretsManager, "DescribeSecret", {{"SecretId", id}});
  if (!output) return Failed(output.error());
  return ReadSecret(*output);
}

Answer<void> SecretsManager::DeleteSecret(const std::string& id) const {
  Answer<json::object> output = CallJson(client_, Service::kSecretsManager, "DeleteSecret",
                                         {{"SecretId", id}, {"ForceDeleteWithoutRecovery", true}});
  if (!output) return Failed(output.error());
  return {};
}

}  // namespace perch::aws
