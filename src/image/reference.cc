#include "image/reference.h"

#include <algorithm>

#include "base/text.h"

namespace perch::image {
namespace {

constexpr std::string_view kSha256 = "sha256:";
constexpr std::size_t kLongestRepository = 255;
constexpr std::string_view kDockersOwn = "docker.io";

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Of the docker program: a first part is a host if it could not be a folder.
std::string_view HostOf(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  if (slash == repository.npos) return "";
  const std::string_view first = repository.substr(0, slash);
  return first.find_first_of(".:") != first.npos || first == "localhost" ? first : "";
}

bool IsHost(std::string_view host) {
  const std::size_t colon = host.find(':');
  const std::string_view name = host.substr(0, colon);
  if (colon != host.npos && !ParseNumber(host.substr(colon + 1))) return false;
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
  });
}

/// Lower-case words, joined by single separators.
bool IsFolder(std::string_view part) {
  return !part.empty() && IsLowerOrDigit(part.front()) && IsLowerOrDigit(part.back()) &&
         std::ranges::all_of(part, [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsRepository(std::string_view repository) {
  if (repository.size() > kLongestRepository) return false;
  const std::string_view host = HostOf(repository);
  if (!host.empty() && !IsHost(host)) return false;
  return std::ranges::all_of(Split(repository.substr(host.empty() ? 0 : host.size() + 1), '/'), IsFolder);
}

}  // namespace

std::string ImageReference::Registry() const {
  const std::string_view host = HostOf(repository);
  return std::string(host.empty() ? kDockersOwn : host);
}

std::string ImageReference::Name() const {
  const std::string_view host = HostOf(repository);
  return repository.substr(host.empty() ? 0 : host.size() + 1);
}

bool IsDigest(std::string_view text) {
  return text.starts_with(kSha256) && text.size() == kSha256.size() + 64 &&
         std::ranges::all_of(text.substr(kSha256.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<ImageReference> ParseImageReference(std::string_view text) {
  const std::size_t at = text.find('@');
  std::string_view repository = text.substr(0, at);
  if (const std::size_t colon = repository.rfind(':');
      colon != repository.npos && repository.find('/', colon) == repository.npos) {
    repository = repository.substr(0, colon);
  }
  std::string why;
  if (!IsRepository(repository)) {
    why = "its first part is no image's name";
  } else if (at == text.npos) {
    why = "it has no digest, and what a tag names can change";
  } else if (!IsDigest(text.substr(at + 1))) {
    why = "after the @ there must be sha256: and 64 hexadecimal digits";
  }
  if (why.empty())
    return ImageReference{.repository = std::string(repository), .digest = std::string(text.substr(at + 1))};
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot deploy the image " + Printable(text),
               .why = why,
               .hint = "Write REPOSITORY@sha256:…; `docker push` tells the digest in its last line."});
}

}  // namespace perch::image
