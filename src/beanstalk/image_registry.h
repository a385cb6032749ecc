#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "aws/ecr.h"
#include "base/error.h"
#include "image/docker.h"
#include "net/remote.h"

namespace perch::beanstalk {

/// An application's repository in ECR, as making an image needs it.
class ImageRegistry {
 public:
  /// `transport`, for the registry itself, outlives this.
  ImageRegistry(aws::Ecr ecr, net::Transport& transport) : ecr_(std::move(ecr)), transport_(transport) {}

  /// The digest of what the repository (`name`, without its host) has under a tag; nullopt when it certainly has none.
  /// kRefused when the repository itself is missing: the application was not bootstrapped.
  Result<std::optional<std::string>> Find(const std::string& name, const std::string& tag) const;

  /// For `docker login`; good for 12 hours.
  Result<image::Login> LogIn() const;

  /// Docker's word, "arm64", for the processor that an image by digest is for; several with commas. Asks the registry
  /// with ECR's login, as the ECR API has no way to read it. kNotFound: there is no such image.
  Result<std::string> Architecture(const std::string& reference, std::stop_token stop = {}) const;

 private:
  aws::Ecr ecr_;
  net::Transport& transport_;
};

}  // namespace perch::beanstalk
