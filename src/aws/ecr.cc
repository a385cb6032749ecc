#include "aws/ecr.h"

#include <algorithm>

#include "aws/base64.h"
#include "aws/json_pages.h"
#include "aws/xml.h"

namespace perch::aws {
namespace {

namespace json = boost::json;

constexpr Service kService = Service::kEcr;
constexpr std::size_t kMostImagesPerDelete = 100;

RepositoryImage ReadImage(const json::object& object) {
  RepositoryImage image{.digest = JsonText(object, "imageDigest"),
                        .pushed = JsonTime(object, "imagePushedAt"),
                        .bytes = std::uint64_t(std::max(0.0, JsonNumber(object, "imageSizeInBytes")))};
  if (const json::value* const tags = object.if_contains("imageTags"); tags && tags->is_array()) {
    for (const json::value& tag : tags->get_array()) {
      if (tag.is_string()) image.tags.emplace_back(tag.get_string());
    }
  }
  return image;
}

json::object IdOf(const ImageId& image) {
  json::object id;
  if (!image.digest.empty()) id["imageDigest"] = image.digest;
  if (!image.tag.empty()) id["imageTag"] = image.tag;
  return id;
}

}  // namespace

Answer<RegistryLogin> Ecr::GetAuthorizationToken() const {
  Answer<json::object> output = CallJson(client_, kService, "GetAuthorizationToken", {});
  if (!output) return Failed(output.error());
  Answer<std::vector<json::object>> data = JsonList(*output, "authorizationData");
  if (!data) return Failed(data.error());
  if (data->empty()) return Unreadable("it has no token");
  const std::optional<std::string> token = DecodeBase64(JsonText(data->front(), "authorizationToken"));
  const std::size_t colon = token ? token->find(':') : std::string::npos;
  if (colon == std::string::npos) return Unreadable("its token is no user and password");
  return RegistryLogin{.user = token->substr(0, colon),
                       .password = Secret(token->substr(colon + 1)),
                       .registry = JsonText(data->front(), "proxyEndpoint"),
                       .expires = JsonTime(data->front(), "expiresAt")};
}

Pages<RepositoryImage> Ecr::DescribeImages(const std::string& repository) const {
  return JsonPages<RepositoryImage>(client_, kService, "DescribeImages", {{"repositoryName", repository}},
                                    "imageDetails", "nextToken", &ReadImage);
}

Answer<std::vector<ImageFailure>> Ecr::BatchDeleteImage(const std::string& repository,
                                                        const std::vector<ImageId>& images) const {
  std::vector<ImageFailure> failures;
  for (std::size_t from = 0; from < images.size(); from += kMostImagesPerDelete) {
    json::array ids;
    for (std::size_t i = from; i < std::min(images.size(), from + kMostImagesPerDelete); ++i)
      ids.push_back(IdOf(images[i]));
    Answer<json::object> output =
        CallJson(client_, kService, "BatchDeleteImage", {{"repositoryName", repository}, {"imageIds", std::move(ids)}});
    if (!output) return Failed(output.error());
    Answer<std::vector<json::object>> told = JsonList(*output, "failures");
    if (!told) return Failed(told.error());
    for (const json::object& failure : *told) {
      const json::object& id = JsonObject(failure, "imageId");
      failures.push_back({.image = {.digest = JsonText(id, "imageDigest"), .tag = JsonText(id, "imageTag")},
                          .reason = JsonText(failure, "failureReason"),
                          .not_found = JsonText(failure, "failureCode") == "ImageNotFound"});
    }
  }
  return failures;
}

Answer<ImageManifest> Ecr::BatchGetImage(const std::string& repository, const ImageId& image) const {
  Answer<json::object> output = CallJson(client_, kService, "BatchGetImage",
                                         {{"repositoryName", repository}, {"imageIds", json::array{IdOf(image)}}});
  if (!output) return Failed(output.error());
  Answer<std::vector<json::object>> images = JsonList(*output, "images");
  if (!images) return Failed(images.error());
  if (images->empty()) {
    return Failed({.outcome = Outcome::kNotFound,
                   .service = "ECR",
                   .operation = "BatchGetImage",
                   .where = repository,
                   .message = "there is no image " + (image.tag.empty() ? image.digest : image.tag)});
  }
  const json::object& found = images->front();
  return ImageManifest{.digest = JsonText(JsonObject(found, "imageId"), "imageDigest"),
                       .manifest = JsonText(found, "imageManifest"),
                       .media_type = JsonText(found, "imageManifestMediaType")};
}

Answer<void> Ecr::PutImage(const std::string& repository, const ImageManifest& image, const std::string& tag) const {
  json::object input = {{"repositoryName", repository}, {"imageManifest", image.manifest}, {"imageTag", tag}};
  if (!image.media_type.empty()) input["imageManifestMediaType"] = image.media_type;
  if (!image.digest.empty()) input["imageDigest"] = image.digest;
  Answer<json::object> output = CallJson(client_, kService, "PutImage", input);
  if (!output && output.error().code == "ImageAlreadyExistsException") return {};
  if (!output) return Failed(output.error());
  return {};
}

}  // namespace perch::aws
