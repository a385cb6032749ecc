#include "aws/credential_chain.h"

#include <mutex>

#include "aws/credential_places.h"
#include "base/text.h"

namespace perch::aws {
namespace {

constexpr std::chrono::minutes kRefreshBefore{5};

Found Search(CredentialSearch& search) {
  const std::string profile = search.surroundings.ProfileName();
  const bool use_environment = search.surroundings.profile.empty();
  if (search.surroundings.ProfileIsNamed() && !search.config.HasProfile(profile)) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "there is no AWS profile '" + Printable(profile) + "'",
                 .where = search.config.config_file + ", " + search.config.credentials_file,
                 .hint = "Name another one (AWS_PROFILE), or make it with `aws configure --profile " +
                         Printable(profile) + "`."});
  }
  if (use_environment) {
    Found found = FromEnvironment(search);
    if (!found || *found) return found;
  }
  Found found = FromRole(search, profile);
  if (!found || *found) return found;
  found = FromProfile(search, profile, use_environment);
  if (!found || *found) return found;
  found = FromContainer(search);
  if (!found || *found) return found;
  return FromInstanceMetadata(search);
}

class Chain : public CredentialsSource {
 public:
  Chain(Surroundings surroundings, SharedConfig config, Endpoints endpoints, std::string region)
      : surroundings_(std::move(surroundings)),
        config_(std::move(config)),
        endpoints_(std::move(endpoints)),
        region_(std::move(region)) {}

  Result<Credentials> Get(std::stop_token stop) override {
    const std::lock_guard lock(mutex_);  // whoever comes meanwhile waits for the same answer
    const Time now = surroundings_.clock();
    if (kept_ && (!kept_->expires || *kept_->expires - now > kRefreshBefore)) return *kept_;
    Result<Credentials> fresh = Fetch(std::move(stop));
    if (!fresh && kept_ && *kept_->expires > now) return *kept_;  // they still hold for some minutes
    if (fresh) kept_ = *fresh;
    return fresh;
  }

  void Forget(const std::string& access_key_id) override {
    const std::lock_guard lock(mutex_);
    if (kept_ && kept_->access_key_id == access_key_id) kept_.reset();
  }

 private:
  Result<Credentials> Fetch(std::stop_token stop) {
    CredentialSearch search{.surroundings = surroundings_,
                            .config = config_,
                            .endpoints = endpoints_,
                            .region = region_,
                            .stop = std::move(stop)};
    Found found = Search(search);
    if (!found) return Fail(found.error());
    if (*found) return std::move(**found);
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "there are no AWS credentials",
                 .why = "looked at " + Join(search.looked, "; "),
                 .hint = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`."});
  }

  const Surroundings surroundings_;
  const SharedConfig config_;
  const Endpoints endpoints_;
  const std::string region_;
  std::mutex mutex_;
  std::optional<Credentials> kept_;
};

}  // namespace

std::shared_ptr<CredentialsSource> FindCredentials(Surroundings surroundings, SharedConfig config, Endpoints endpoints,
                                                   std::string region) {
  return std::make_shared<Chain>(std::move(surroundings), std::move(config), std::move(endpoints), std::move(region));
}

}  // namespace perch::aws
