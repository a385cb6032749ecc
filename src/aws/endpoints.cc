#include "aws/endpoints.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "net/host.h"

namespace perch::aws {
namespace {

constexpr std::array<ServiceFacts, 16> kServices = {{
    {"CloudFormation", "CLOUDFORMATION", "cloudformation", "cloudformation", Protocol::kQuery, "2010-05-15", ""},
    {"S3", "S3", "s3", "s3", Protocol::kRestXml, "", ""},
    {"STS", "STS", "sts", "sts", Protocol::kQuery, "2011-06-15", ""},
    {"Elastic Beanstalk", "ELASTIC_BEANSTALK", "elasticbeanstalk", "elasticbeanstalk", Protocol::kQuery, "2010-12-01",
     ""},
    {"ECR", "ECR", "api.ecr", "ecr", Protocol::kJson, "AmazonEC2ContainerRegistry_V20150921", "1.1"},
    {"RDS", "RDS", "rds", "rds", Protocol::kQuery, "2014-10-31", ""},
    {"Route 53", "ROUTE_53", "route53", "route53", Protocol::kRestXml, "", ""},
    {"CloudWatch Logs", "CLOUDWATCH_LOGS", "logs", "logs", Protocol::kJson, "Logs_20140328", "1.1"},
    {"Resource Groups Tagging", "RESOURCE_GROUPS_TAGGING_API", "tagging", "tagging", Protocol::kJson,
     "ResourceGroupsTaggingAPI_20170126", "1.1"},
    {"SSM", "SSM", "ssm", "ssm", Protocol::kJson, "AmazonSSM", "1.1"},
    {"Secrets Manager", "SECRETS_MANAGER", "secretsmanager", "secretsmanager", Protocol::kJson, "secretsmanager",
     "1.1"},
    {"ACM", "ACM", "acm", "acm", Protocol::kJson, "CertificateManager", "1.1"},
    {"EC2", "EC2", "ec2", "ec2", Protocol::kEc2, "2016-11-15", ""},
    {"Elastic Load Balancing", "ELASTIC_LOAD_BALANCING_V2", "elasticloadbalancing", "elasticloadbalancing",
     Protocol::kQuery, "2015-12-01", ""},
    {"Service Quotas", "SERVICE_QUOTAS", "servicequotas", "servicequotas", Protocol::kJson, "ServiceQuotasV20190624",
     "1.1"},
    {"IAM", "IAM", "iam", "iam", Protocol::kQuery, "2010-05-08", ""},
}};

// botocore's partitions.json.
constexpr std::array<Partition, 8> kPartitions = {{
    {"aws-cn", "cn-", "amazonaws.com.cn", "cn-northwest-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1"},
    {"aws", "", "amazonaws.com", "us-east-1"},
}};

/// "http://host:1/x/" taken apart; nullopt if it is no such URL.
std::optional<Endpoint> ParseUrl(std::string_view url) {
  Endpoint endpoint;
  if (url.starts_with("http://"))
    endpoint.scheme = "http";
  else if (!url.starts_with("https://"))
    return std::nullopt;
  url.remove_prefix(endpoint.scheme.size() + 3);
  const std::size_t slash = std::min(url.find('/'), url.size());
  const std::optional<net::HostAndPort> host = net::ParseHost(url.substr(0, slash));
  if (!host || url.find_first_of("?# \r\n") != url.npos) return std::nullopt;
  const std::string own_port = endpoint.scheme == "http" ? "80" : "443";
  endpoint.host = host->host + (host->port.empty() || host->port == own_port ? "" : ":" + host->port);
  endpoint.prefix = url.substr(slash);
  while (endpoint.prefix.ends_with('/')) endpoint.prefix.pop_back();
  endpoint.overridden = true;
  return endpoint;
}

/// The key of a nested section: "\nendpoint_url = x\nother = y".
std::optional<std::string> NestedKey(std::string_view value, std::string_view key) {
  for (const std::string& line : Lines(value)) {
    const std::size_t sign = line.find('=');
    if (sign != line.npos && ToLower(Trim(line.substr(0, sign))) == key)
      return std::string(Trim(line.substr(sign + 1)));
  }
  return std::nullopt;
}

bool IsTrue(const std::optional<std::string>& value) { return value && ToLower(*value) == "true"; }

}  // namespace

const ServiceFacts& FactsOf(Service service) { return kServices[std::size_t(service)]; }

const Partition& PartitionOf(std::string_view region) {
  return *std::find_if(kPartitions.begin(), kPartitions.end(),
                       [&](const Partition& partition) { return region.starts_with(partition.prefix); });
}

bool IsRegion(std::string_view region) {
  if (region.empty() || region.size() > 40 || region.front() == '-' || region.back() == '-') return false;
  return std::all_of(region.begin(), region.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Status Endpoints::Set(const std::string& id, const std::string& url, const std::string& from) {
  std::optional<Endpoint> endpoint = ParseUrl(url);
  if (!endpoint) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use AWS's endpoint",
                 .where = from,
                 .why = "'" + Printable(url) + "' is no URL such as https://host:port"});
  }
  overrides_.insert_or_assign(id, std::move(*endpoint));
  return {};
}

Result<Endpoints> Endpoints::All(const std::string& url) {
  Endpoints endpoints;
  if (Status ok = endpoints.Set("", url, "the endpoint"); !ok) return Fail(ok.error());
  return endpoints;
}

Result<Endpoints> Endpoints::Read(const Surroundings& surroundings, const SharedConfig& config) {
  Endpoints endpoints;
  const std::string profile = surroundings.ProfileName();
  const std::optional<std::string> ignore = surroundings.Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (IsTrue(ignore ? ignore : config.Find(profile, "ignore_configured_endpoint_urls"))) return endpoints;

  const std::optional<std::string> for_all = surroundings.Variable("AWS_ENDPOINT_URL");
  const std::optional<std::string> profile_for_all = config.Find(profile, "endpoint_url");
  const std::optional<std::string> services = config.Find(profile, "services");
  const auto section = services ? config.services.find(*services) : config.services.end();
  if (services && section == config.services.end()) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot read AWS's configuration",
                 .where = config.config_file,
                 .why = "profile '" + Printable(profile) + "' names services '" + Printable(*services) +
                        "', and there is no section [services " + Printable(*services) + "]"});
  }
  for (const ServiceFacts& service : kServices) {
    const std::string id(service.id);
    const std::string variable = "AWS_ENDPOINT_URL_" + id;
    Status ok;
    if (std::optional<std::string> url = surroundings.Variable(variable)) {
      ok = endpoints.Set(id, *url, variable);
    } else if (for_all) {
      ok = endpoints.Set(id, *for_all, "AWS_ENDPOINT_URL");
    } else {
      std::optional<std::string> nested;
      if (section != config.services.end()) {
        const auto value = section->second.find(ToLower(id));
        if (value != section->second.end()) nested = NestedKey(value->second, "endpoint_url");
      }
      if (!nested) nested = profile_for_all;
      if (nested) ok = endpoints.Set(id, *nested, config.config_file);
    }
    if (!ok) return Fail(ok.error());
  }
  return endpoints;
}

Endpoint Endpoints::Of(Service service, const std::string& region) const {
  const ServiceFacts& facts = FactsOf(service);
  const Partition& partition = PartitionOf(region);
  const bool global = service == Service::kRoute53 || service == Service::kIam;
  Endpoint endpoint;
  auto found = overrides_.find(facts.id);
  if (found == overrides_.end()) found = overrides_.find("");
  if (found != overrides_.end()) {
    endpoint = found->second;
  } else if (!global) {
    endpoint.host = std::string(facts.host) + "." + region + "." + std::string(partition.suffix);
  } else if (partition.name == "aws-us-gov") {
    endpoint.host = std::string(facts.host) + ".us-gov.amazonaws.com";
  } else if (service == Service::kIam && partition.name == "aws-cn") {
    endpoint.host = "iam.cn-north-1.amazonaws.com.cn";
  } else if (partition.name == "aws" || partition.name == "aws-cn") {
    endpoint.host = std::string(facts.host) + "." + std::string(partition.suffix);
  } else {
    endpoint.host =
        std::string(facts.host) + "." + std::string(partition.global_region) + "." + std::string(partition.suffix);
  }
  endpoint.region = global ? std::string(partition.global_region) : region;
  if (service == Service::kIam && partition.name == "aws-cn") endpoint.region = "cn-north-1";
  return endpoint;
}

Result<std::string> FindRegion(const std::string& flag, const Surroundings& surroundings, const SharedConfig& config) {
  std::string region = flag;
  if (region.empty()) region = surroundings.Variable("AWS_REGION").value_or("");
  if (region.empty()) region = surroundings.Variable("AWS_DEFAULT_REGION").value_or("");
  if (region.empty()) region = config.Find(surroundings.ProfileName(), "region").value_or("");
  if (IsRegion(region)) return region;
  Error error{.kind = ErrorKind::kUsage, .what = "cannot tell which AWS region to use"};
  if (region.empty()) {
    error.why = "there is no --region, no AWS_REGION and no region in " + config.config_file + " for profile '" +
                Printable(surroundings.ProfileName()) + "'";
    error.hint = "Say --region eu-central-1, or set aws.region in perch.yaml.";
  } else {
    error.why = "'" + Printable(region) + "' is no region's name";
    error.hint = "A region's name looks like eu-central-1.";
  }
  return Fail(std::move(error));
}

bool IsBucketName(std::string_view bucket) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (bucket.size() < 3 || bucket.size() > 63 || !alnum(bucket.front()) || !alnum(bucket.back())) return false;
  return bucket.find("..") == bucket.npos &&
         std::all_of(bucket.begin(), bucket.end(), [&](char c) { return alnum(c) || c == '-' || c == '.'; });
}

bool FitsHostName(std::string_view bucket) { return IsBucketName(bucket) && bucket.find('.') == bucket.npos; }

}  // namespace perch::aws
