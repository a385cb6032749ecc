#pragma once

#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

/// For `docker login`.
struct RegistryLogin {
  std::string user;  ///< "AWS"
  Secret password;
  std::string registry;  ///< "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com"
  Time expires;
};

struct RepositoryImage {
  std::string digest;
  std::vector<std::string> tags;
  Time pushed;
  std::uint64_t bytes = 0;
};

struct ImageManifest {
  std::string digest, manifest, media_type;
};

/// Which image: exactly one of the two.
struct ImageId {
  std::string digest, tag;
};

struct ImageFailure {
  ImageId image;
  std::string reason;
  bool not_found = false;
};

/// Amazon ECR.
class Ecr {
 public:
  explicit Ecr(Client client) : client_(std::move(client)) {}

  Answer<RegistryLogin> GetAuthorizationToken() const;
  Pages<RepositoryImage> DescribeImages(const std::string& repository) const;
  /// At most 100 a call are sent; what could not be deleted comes back. Images gone already are told as not_found.
  Answer<std::vector<ImageFailure>> BatchDeleteImage(const std::string& repository,
                                                     const std::vector<ImageId>& images) const;
  /// kNotFound if there is no such image.
  Answer<ImageManifest> BatchGetImage(const std::string& repository, const ImageId& image) const;
  /// Gives an image that is there another tag; no error if it has it.
  Answer<void> PutImage(const std::string& repository, const ImageManifest& image, const std::string& tag) const;

 private:
  Client client_;
};

}  // namespace perch::aws
