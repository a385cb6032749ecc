#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/environment.h"

namespace perch::local {

/// Where things are in a state folder. Slugs and keys are DNS labels and hexadecimal digits: safe as names.
struct Layout {
  std::filesystem::path root;

  std::filesystem::path Environments() const { return root / "environments"; }
  std::filesystem::path Environment(const std::string& slug) const { return Environments() / slug; }
  std::filesystem::path Record(const std::string& slug) const { return Environment(slug) / "environment.json"; }
  std::filesystem::path Data(const std::string& slug, std::uint64_t version) const {
    return Environment(slug) / "data" / std::to_string(version);
  }
  std::filesystem::path Bucket(const std::string& slug) const { return Environment(slug) / "bucket"; }
  std::filesystem::path Writable(const std::string& slug) const { return Environment(slug) / "writable"; }
  std::filesystem::path Logs(const std::string& slug) const { return Environment(slug) / "logs"; }
  std::filesystem::path Log(const std::string& slug, std::uint64_t generation) const {
    return Logs(slug) / std::to_string(generation);
  }
  std::filesystem::path Run(const std::string& slug) const { return Environment(slug) / "run"; }
  std::filesystem::path KeeperStatus(const std::string& slug, std::uint64_t generation) const {
    return Run(slug) / (std::to_string(generation) + ".status");
  }
  std::filesystem::path Releases() const { return root / "releases"; }
  std::filesystem::path Release(const std::string& key) const { return Releases() / key; }
  std::filesystem::path Seeds() const { return root / "seeds"; }
  std::filesystem::path Seed(const std::string& key) const { return Seeds() / key; }
};

}  // namespace perch::local
