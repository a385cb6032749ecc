#include "aws/elasticbeanstalk.h"

#include <algorithm>

#include "aws/query_pages.h"
#include "aws/times.h"
#include "base/text.h"

namespace perch::aws {
namespace {

constexpr Service kService = Service::kElasticBeanstalk;

BeanstalkEnvironment ReadEnvironment(const pugi::xml_node& node) {
  return {.id = TextOf(node, "EnvironmentId"),
          .name = TextOf(node, "EnvironmentName"),
          .application = TextOf(node, "ApplicationName"),
          .version_label = TextOf(node, "VersionLabel"),
          .platform_arn = TextOf(node, "PlatformArn"),
          .arn = TextOf(node, "EnvironmentArn"),
          .endpoint_url = TextOf(node, "EndpointURL"),
          .cname = TextOf(node, "CNAME"),
          .tier = TextOf(node.child("Tier"), "Name"),
          .status = TextOf(node, "Status"),
          .health = TextOf(node, "Health"),
          .health_status = TextOf(node, "HealthStatus"),
          .updated = ParseAwsTime(TextOf(node, "DateUpdated"))};
}

BeanstalkEvent ReadEvent(const pugi::xml_node& node) {
  return {.time = ParseAwsTime(TextOf(node, "EventDate")),
          .message = TextOf(node, "Message"),
          .severity = TextOf(node, "Severity"),
          .application = TextOf(node, "ApplicationName"),
          .environment = TextOf(node, "EnvironmentName"),
          .version_label = TextOf(node, "VersionLabel")};
}

ApplicationVersion ReadVersion(const pugi::xml_node& node) {
  return {.label = TextOf(node, "VersionLabel"),
          .application = TextOf(node, "ApplicationName"),
          .description = TextOf(node, "Description"),
          .status = TextOf(node, "Status"),
          .bucket = TextOf(node.child("SourceBundle"), "S3Bucket"),
          .key = TextOf(node.child("SourceBundle"), "S3Key"),
          .created = ParseAwsTime(TextOf(node, "DateCreated"))};
}

PlatformVersion ReadPlatform(const pugi::xml_node& node) {
  return {.arn = TextOf(node, "PlatformArn"),
          .branch = TextOf(node, "PlatformBranchName"),
          .status = TextOf(node, "PlatformStatus"),
          .lifecycle = TextOf(node, "PlatformLifecycleState"),
          .version = TextOf(node, "PlatformVersion")};
}

std::uint64_t Quota(const pugi::xml_node& quotas, const char* name) {
  return ParseNumber(TextOf(quotas.child(name), "Maximum")).value_or(0);
}

}  // namespace

bool IsNewerVersion(std::string_view a, std::string_view b) {
  const auto numbers = [](std::string_view text) {
    std::vector<std::uint64_t> parts;
    for (const std::string& part : Split(text, '.')) parts.push_back(ParseNumber(part).value_or(0));
    return parts;
  };
  return numbers(a) > numbers(b);
}

Pages<BeanstalkEnvironment> ElasticBeanstalk::DescribeEnvironments(const std::string& application,
                                                                   const std::vector<std::string>& names,
                                                                   bool deleted) const {
  QueryParameters parameters;
  parameters.AddIf("ApplicationName", application).AddList("EnvironmentNames", names);
  parameters.Add("IncludeDeleted", deleted ? "true" : "false");
  return QueryPages<BeanstalkEnvironment>(client_, kService, "DescribeEnvironments", parameters,
                                          {.list = "Environments"}, &ReadEnvironment);
}

Pages<BeanstalkEvent> ElasticBeanstalk::DescribeEvents(const std::string& application, const std::string& environment,
                                                       std::optional<Time> since) const {
  QueryParameters parameters;
  parameters.AddIf("ApplicationName", application).AddIf("EnvironmentName", environment);
  if (since) parameters.Add("StartTime", FormatTime(*since));
  return QueryPages<BeanstalkEvent>(client_, kService, "DescribeEvents", parameters, {.list = "Events"}, &ReadEvent);
}

Answer<std::vector<PlatformVersion>> ElasticBeanstalk::ListPlatformVersions(const std::string& branch) const {
  QueryParameters parameters;
  const auto filter = [&](int number, const std::string& type, const std::string& value) {
    const std::string name = "Filters.member." + std::to_string(number) + ".";
    parameters.Add(name + "Type", type).Add(name + "Operator", "=").Add(name + "Values.member.1", value);
  };
  filter(1, "PlatformBranchName", branch);
  filter(2, "PlatformStatus", "Ready");
  Answer<std::vector<PlatformVersion>> versions =
      QueryPages<PlatformVersion>(client_, kService, "ListPlatformVersions", parameters,
                                  {.list = "PlatformSummaryList"}, &ReadPlatform)
          .All();
  if (versions) {
    std::sort(versions->begin(), versions->end(),
              [](const PlatformVersion& a, const PlatformVersion& b) { return IsNewerVersion(a.version, b.version); });
  }
  return versions;
}

Pages<ApplicationVersion> ElasticBeanstalk::DescribeApplicationVersions(const std::string& application) const {
  return QueryPages<ApplicationVersion>(
      client_, kService, "DescribeApplicationVersions",
      QueryParameters().AddIf("ApplicationName", application).Add("MaxRecords", "1000"),
      {.list = "ApplicationVersions"}, &ReadVersion);
}

Answer<void> ElasticBeanstalk::DeleteApplicationVersion(const std::string& application,
                                                        const std::string& label) const {
  QueryParameters parameters;
  parameters.Add("ApplicationName", application).Add("VersionLabel", label).Add("DeleteSourceBundle", "true");
  return CallQuery(client_, kService, "DeleteApplicationVersion", parameters);
}

Answer<void> ElasticBeanstalk::RequestEnvironmentInfo(const std::string& environment) const {
  return CallQuery(client_, kService, "RequestEnvironmentInfo",
                   QueryParameters().Add("EnvironmentName", environment).Add("InfoType", "tail"));
}

Answer<std::vector<EnvironmentInfo>> ElasticBeanstalk::RetrieveEnvironmentInfo(const std::string& environment) const {
  std::vector<EnvironmentInfo> infos;
  Answer<void> done = CallQuery(client_, kService, "RetrieveEnvironmentInfo",
                                QueryParameters().Add("EnvironmentName", environment).Add("InfoType", "tail"),
                                [&](pugi::xml_node result) -> Answer<void> {
                                  infos.clear();
                                  EachMember(result, "EnvironmentInfo", [&](const pugi::xml_node& node) {
                                    infos.push_back({.type = TextOf(node, "InfoType"),
                                                     .instance = TextOf(node, "Ec2InstanceId"),
                                                     .message = TextOf(node, "Message"),
                                                     .sampled = ParseAwsTime(TextOf(node, "SampleTimestamp"))});
                                  });
                                  return {};
                                });
  if (!done) return Failed(done.error());
  return infos;
}

Answer<void> ElasticBeanstalk::UpdateEnvironment(const std::string& environment,
                                                 const std::vector<OptionSetting>& options) const {
  QueryParameters parameters;
  parameters.Add("EnvironmentName", environment);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string member = "OptionSettings.member." + std::to_string(i + 1) + ".";
    parameters.Add(member + "Namespace", options[i].name_space).Add(member + "OptionName", options[i].option);
    parameters.Add(member + "Value", options[i].value);
  }
  return CallQuery(client_, kService, "UpdateEnvironment", parameters);
}

Answer<BeanstalkQuotas> ElasticBeanstalk::DescribeAccountAttributes() const {
  BeanstalkQuotas quotas;
  Answer<void> done =
      CallQuery(client_, kService, "DescribeAccountAttributes", {}, [&](pugi::xml_node result) -> Answer<void> {
        const pugi::xml_node node = result.child("ResourceQuotas");
        if (!node) return Unreadable("it has no <ResourceQuotas>");
        quotas = {.applications = Quota(node, "ApplicationQuota"),
                  .versions = Quota(node, "ApplicationVersionQuota"),
                  .environments = Quota(node, "EnvironmentQuota")};
        return {};
      });
  if (!done) return Failed(done.error());
  return quotas;
}

}  // namespace perch::aws
