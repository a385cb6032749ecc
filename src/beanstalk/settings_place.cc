#include <algorithm>

#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

/// 253 (RFC 1035) less a label of 63 and its dot.
constexpr std::size_t kLongestDomain = 189;

/// "eu-central-1", "us-gov-west-1": two letters, words, a digit.
bool IsRegion(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '-');
  if (parts.size() < 3 || parts[0].size() != 2 || !AllOf(parts[0], kLowerLetters)) return false;
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    if (parts[i].empty() || !AllOf(parts[i], kLowerLetters)) return false;
  }
  return parts.back().size() == 1 && AllOf(parts.back(), kDigits);
}

/// What an ARN is about, and what to do when it lies elsewhere.
struct ArnRule {
  const char* path;
  const char* service;
  const char* resource;  ///< how its last part begins
  const char* what;
  const char* shape;
  const char* other_region;
  bool account_may_be_missing = false;  ///< AWS's own have none
};

void CheckArn(Tree& tree, const AwsSettings& settings, const ArnRule& rule) {
  const std::string text = tree.Text(rule.path);
  const std::string name = "`" + std::string(rule.path) + "`";
  const std::optional<Arn> arn = ParseArn(text);
  const bool has_account = arn && arn->account.size() == 12 && AllOf(arn->account, kDigits);
  if (!arn || arn->service != rule.service || !arn->resource.starts_with(rule.resource) ||
      arn->resource.size() == std::string_view(rule.resource).size() || !IsRegion(arn->region) ||
      !(has_account || (rule.account_may_be_missing && arn->account.empty()))) {
    tree.Complain(rule.path, name + " is no ARN of " + rule.what + ": " + Quoted(text),
                  "It looks like " + std::string(rule.shape) + ".");
    return;
  }
  const PlaceSettings& place = settings.place;
  if (IsRegion(place.region) && arn->region != place.region) {
    tree.Complain(rule.path, name + " lies in " + arn->region + ", but `aws.region` is " + place.region,
                  rule.other_region);
  }
  if (has_account && !place.account.empty() && arn->account != place.account) {
    tree.Complain(rule.path, name + " belongs to account " + arn->account + ", but `aws.account` is " + place.account,
                  "Take one of that account, or correct the account.");
  }
}

void Require(Tree& tree, const char* path, const char* hint) {
  if (!tree.Has(path)) tree.Complain(path, "`" + std::string(path) + "` is missing", hint);
}

/// Whether a certificate's name covers a host; a wildcard stands for exactly one label (RFC 6125, 6.4.3).
bool Covers(const std::string& name, const std::string& host) {
  if (!name.starts_with("*.")) return name == host;
  const std::size_t dot = host.find('.');
  return dot != host.npos && dot > 0 && host.substr(dot) == name.substr(1);
}

bool IsWithin(const std::string& host, const std::string& zone) { return host == zone || host.ends_with("." + zone); }

void CheckNames(Tree& tree, AwsSettings& settings) {
  PlaceSettings& place = settings.place;
  const bool has_domain = settings.domain != "localhost" && !settings.domain.empty();
  if (!has_domain) {
    tree.Complain("domain", "`domain` is localhost, which leads nowhere on AWS",
                  "Write one that is yours, such as `domain: preview.example.com`.");
  }
  if (settings.domain.size() > kLongestDomain) {
    tree.Complain("domain",
                  "`domain` has " + std::to_string(settings.domain.size()) +
                      " characters; with a branch before it, a "
                      "name would be longer than 253",
                  "Take one of at most " + std::to_string(kLongestDomain) + ".");
  }
  for (const std::string& name : tree.Texts("aws.certificate_names")) place.certificate_names.push_back(ToLower(name));
  if (place.certificate_names.empty()) place.certificate_names = {"*." + settings.domain};
  const auto covered = [&](const std::string& host) {
    return std::any_of(place.certificate_names.begin(), place.certificate_names.end(),
                       [&](const std::string& name) { return Covers(name, host); });
  };
  const std::string names = Join(place.certificate_names, ", ");
  if (settings.host.empty() && has_domain && !covered("x." + settings.domain)) {
    tree.Complain("aws.certificate_names",
                  "the certificate does not cover <branch>." + settings.domain + ": it is for " + names +
                      ", and a `*` stands for one label only",
                  "Take a certificate for *." + settings.domain + ", and name it here.");
  }
  if (!settings.host.empty() && !covered(settings.host)) {
    tree.Complain("host", "the certificate does not cover " + settings.host + ": it is for " + names,
                  "Take a certificate that does, and list all its names in `aws.certificate_names`.");
  }
  if (place.hosted_zone.empty()) return;
  const std::string& host = settings.host.empty() ? settings.domain : settings.host;
  if ((has_domain || !settings.host.empty()) && !IsWithin(host, place.hosted_zone)) {
    tree.Complain("aws.hosted_zone",
                  host + (settings.host.empty() ? ", the domain," : ", the host,") + " is not in the hosted zone " +
                      place.hosted_zone,
                  "Name the Route 53 zone that it is in: the name itself, or what follows one of its dots.");
  }
}

}  // namespace

void ReadPlace(Tree& tree, AwsSettings& settings) {
  PlaceSettings& place = settings.place;
  place.account = tree.Text("aws.account");
  place.region = tree.Text("aws.region");
  place.certificate = tree.Text("aws.certificate");
  place.hosted_zone = ToLower(tree.Text("aws.hosted_zone"));
  place.platform_arn = tree.Text("aws.platform_arn");
  Require(tree, "aws.region", "Write below `aws` where the environments are to live, such as `region: eu-central-1`.");
  Require(tree, "aws.certificate",
          "Request a certificate for *.<domain> in AWS Certificate Manager, and write its ARN below `aws`.");
  Require(tree, "aws.hosted_zone", "Write below `aws` which Route 53 zone the domain is in.");
  if (!place.account.empty() && (place.account.size() != 12 || !AllOf(place.account, kDigits))) {
    tree.Complain("aws.account", "`aws.account` is no account number: " + Quoted(place.account),
                  "It has 12 digits; `aws sts get-caller-identity` prints it.");
    place.account.clear();
  }
  if (!place.region.empty() && !IsRegion(place.region)) {
    tree.Complain("aws.region", "`aws.region` is no region of AWS: " + Quoted(place.region),
                  "A region looks like eu-central-1.");
  }
  if (!place.certificate.empty()) {
    CheckArn(tree, settings,
             {.path = "aws.certificate",
              .service = "acm",
              .resource = "certificate/",
              .what = "a certificate",
              .shape = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-…",
              .other_region = "A load balancer takes only certificates of its own region: request one there."});
  }
  if (!place.platform_arn.empty()) {
    CheckArn(
        tree, settings,
        {.path = "aws.platform_arn",
         .service = "elasticbeanstalk",
         .resource = "platform/",
         .what = "a Beanstalk platform",
         .shape = "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux 2023/4.6.0",
         .other_region = "Take the platform of that region.",
         .account_may_be_missing = true});
  }
  CheckNames(tree, settings);
}

}  // namespace perch::beanstalk
