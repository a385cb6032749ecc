#include "beanstalk/image_registry.h"

#include "image/reference.h"
#include "image/registry.h"

namespace perch::beanstalk {

Result<std::optional<std::string>> ImageRegistry::Find(const std::string& name, const std::string& tag) const {
  const aws::Answer<aws::ImageManifest> image = ecr_.BatchGetImage(name, {.tag = tag});
  if (image && image::IsDigest(image->digest)) return image->digest;
  if (image)
    return Fail({.what = "cannot understand ECR's answer", .where = name, .why = "it gives no SHA-256 digest"});
  const aws::Failure& failure = image.error();
  if (failure.outcome != aws::Outcome::kNotFound) return Fail(Error(failure));
  // Without a code the call went well and found none.
  if (failure.code.empty() || failure.code == "ImageNotFoundException") return std::nullopt;
  Error error = failure;
  error.kind = ErrorKind::kRefused;
  error.hint = "`perch bootstrap` makes the application with its repository.";
  return Fail(error);
}

Result<image::Login> ImageRegistry::LogIn() const {
  aws::Answer<aws::RegistryLogin> login = ecr_.GetAuthorizationToken();
  if (!login) return Fail(Error(login.error()));
  const std::size_t scheme = login->registry.find("://");
  return image::Login{.registry = scheme == std::string::npos ? login->registry : login->registry.substr(scheme + 3),
                      .user = std::move(login->user),
                      .password = std::move(login->password)};
}

Result<std::string> ImageRegistry::Architecture(const std::string& reference, std::stop_token stop) const {
  const Result<image::ImageReference> parsed = image::ParseImageReference(reference);
  if (!parsed) return Fail(parsed.error());
  const auto log_in = [&]() -> Result<std::optional<image::Login>> {
    const Result<image::Login> login = LogIn();
    if (!login) return Fail(login.error());
    // The password is for this account's registry alone.
    if (login->registry != parsed->Registry()) return std::nullopt;
    return *login;
  };
  return image::Registry(transport_, parsed->repository, log_in).Architecture(parsed->digest, stop);
}

}  // namespace perch::beanstalk
