#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/error.h"

namespace perch::gateway {

/// A certificate chain and its key, in PEM files, loaded anew when the files change. Thread-safe.
class Certificate {
 public:
  /// An error if the files cannot be used now.
  static Result<std::unique_ptr<Certificate>> Load(std::filesystem::path chain, std::filesystem::path key);

  /// What new connections use. Looks at the files at most once a second; a pair that cannot be used leaves the old one
  /// in place and is logged once.
  std::shared_ptr<boost::asio::ssl::context> Current(std::chrono::steady_clock::time_point now);

 private:
  struct Stamp;
  Certificate(std::filesystem::path chain, std::filesystem::path key);

  const std::filesystem::path chain_;
  const std::filesystem::path key_;
  std::mutex mutex_;
  std::string stamp_;  // what the files looked like when they were last tried
  std::chrono::steady_clock::time_point next_look_;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace perch::gateway
