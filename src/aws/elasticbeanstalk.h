#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct BeanstalkEnvironment {
  std::string id, name, application, version_label, platform_arn, arn;
  std::string endpoint_url;  ///< a host name of a load balancer, or an IP address
  std::string cname, tier;
  std::string status;         ///< Launching, Updating, Ready, Terminating, Terminated…
  std::string health;         ///< Green, Yellow, Red, Grey
  std::string health_status;  ///< of enhanced reporting: Ok, Warning, Severe…
  std::optional<Time> updated;
};

struct BeanstalkEvent {
  std::optional<Time> time;
  std::string message, severity, application, environment, version_label;
};

struct ApplicationVersion {
  std::string label, application, description, status, bucket, key;
  std::optional<Time> created;
};

struct PlatformVersion {
  std::string arn, branch, status;
  std::string lifecycle;  ///< Recommended or "" : of the version in its branch
  std::string version;    ///< "4.6.0"
};

/// The last lines of an instance's logs: `message` is a pre-signed URL of the text.
struct EnvironmentInfo {
  std::string type, instance, message;
  std::optional<Time> sampled;
};

struct OptionSetting {
  std::string name_space, option, value;
};

struct BeanstalkQuotas {
  std::uint64_t applications = 0, versions = 0, environments = 0;  ///< the most there may be; 0 if not told
};

/// AWS Elastic Beanstalk.
class ElasticBeanstalk {
 public:
  explicit ElasticBeanstalk(Client client) : client_(std::move(client)) {}

  /// Of an application ("" for all); those of the last hour's terminated too if `deleted`.
  Pages<BeanstalkEnvironment> DescribeEnvironments(const std::string& application,
                                                   const std::vector<std::string>& names = {},
                                                   bool deleted = false) const;
  /// Newest first, `since` or later.
  Pages<BeanstalkEvent> DescribeEvents(const std::string& application, const std::string& environment,
                                       std::optional<Time> since = {}) const;
  /// Ready versions of a branch such as "Docker running on 64bit Amazon Linux 2023", newest first by number: 4.10.0
  /// comes before 4.9.1. All pages.
  Answer<std::vector<PlatformVersion>> ListPlatformVersions(const std::string& branch) const;
  /// Of an application, or ("") of all.
  Pages<ApplicationVersion> DescribeApplicationVersions(const std::string& application) const;
  /// kConflict while an environment runs it. The bundle goes too.
  Answer<void> DeleteApplicationVersion(const std::string& application, const std::string& label) const;
  /// Asks the instances for the ends of their logs; RetrieveEnvironmentInfo has them some seconds later.
  Answer<void> RequestEnvironmentInfo(const std::string& environment) const;
  Answer<std::vector<EnvironmentInfo>> RetrieveEnvironmentInfo(const std::string& environment) const;
  Answer<void> UpdateEnvironment(const std::string& environment, const std::vector<OptionSetting>& options) const;
  Answer<BeanstalkQuotas> DescribeAccountAttributes() const;

 private:
  Client client_;
};

/// Whether version `a` ("4.10.0") is newer than `b` by its numbers.
bool IsNewerVersion(std::string_view a, std::string_view b);

}  // namespace perch::aws
