#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/shared_config.h"
#include "aws/surroundings.h"
#include "base/error.h"

namespace perch::aws {

enum class Service {
  kCloudFormation,
  kS3,
  kSts,
  kElasticBeanstalk,
  kEcr,
  kRds,
  kRoute53,
  kLogs,
  kTagging,
  kSsm,
  kSecretsManager,
  kAcm,
  kEc2,
  kElasticLoadBalancing,
  kServiceQuotas,
  kIam,
};

/// How a service is spoken to; from botocore's service models.
enum class Protocol { kQuery, kEc2, kRestXml, kJson };

struct ServiceFacts {
  std::string_view name;          ///< for people: "CloudFormation"
  std::string_view id;            ///< as in AWS_ENDPOINT_URL_<ID>: "ELASTIC_BEANSTALK"
  std::string_view host;          ///< first label(s) of its host name: "api.ecr"
  std::string_view signing_name;  ///< "ecr"
  Protocol protocol;
  std::string_view version;  ///< API version (query) or target prefix (json)
  std::string_view json_version;
};
const ServiceFacts& FactsOf(Service service);

/// Regions that share accounts and a domain: "aws", "aws-cn", "aws-us-gov"…
struct Partition {
  std::string_view name;
  std::string_view prefix;  ///< of its regions' names
  std::string_view suffix;  ///< of its host names
  std::string_view global_region;
};
/// "aws" for regions that are not known.
const Partition& PartitionOf(std::string_view region);

/// Whether `region` can be one: lower-case letters, digits and '-', so that it can do nothing else in a host name.
bool IsRegion(std::string_view region);

/// Where a request goes and for which region it is signed.
struct Endpoint {
  std::string scheme = "https";
  std::string host;    ///< with ":port" where it is not the scheme's own
  std::string prefix;  ///< goes before the path; "" or "/x"
  std::string region;
  bool overridden = false;  ///< by AWS_ENDPOINT_URL or its like
};

/// AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, and the same in the profile: `endpoint_url`, `services = NAME`.
/// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true turns them off.
class Endpoints {
 public:
  Endpoints() = default;
  static Result<Endpoints> Read(const Surroundings& surroundings, const SharedConfig& config);

  /// For tests: every service at `url`.
  static Result<Endpoints> All(const std::string& url);

  Endpoint Of(Service service, const std::string& region) const;

 private:
  Status Set(const std::string& id, const std::string& url, const std::string& from);
  std::map<std::string, Endpoint, std::less<>> overrides_;  // by service id; "" for all
};

/// `flag`, AWS_REGION, AWS_DEFAULT_REGION, then `region` of the profile. kUsage if there is none, or no region's name.
Result<std::string> FindRegion(const std::string& flag, const Surroundings& surroundings, const SharedConfig& config);

/// Whether a bucket's name may be a host label (dots would break TLS wildcards): otherwise it goes into the path.
bool FitsHostName(std::string_view bucket);

/// Whether S3 can have a bucket of that name (3-63 of a-z 0-9 . -, alphanumeric at both ends, no "..").
bool IsBucketName(std::string_view bucket);

}  // namespace perch::aws
