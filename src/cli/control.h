#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace perch::cli {

/// Speaks to the running `perch serve` over its control socket. Blocks.
class Control {
 public:
  explicit Control(std::filesystem::path socket) : socket_(std::move(socket)) {}

  /// The answer's body. An error that serve answered comes back as that error; kUnavailable, naming `perch serve`, when
  /// none is running.
  Result<std::string> Get(const std::string& path) const { return Ask("GET", path, ""); }
  Result<std::string> Post(const std::string& path, const std::string& body = "") const {
    return Ask("POST", path, body);
  }
  Result<Value> GetJson(const std::string& path) const;
  Result<Value> PostJson(const std::string& path, const std::string& body = "") const;

  /// The view of what a person calls `name`: the branch of this name or, when there is none, of this slug. The name
  /// comes first: the slug of `feature/a` is `feature-a`, which may be another branch's name.
  Result<Value> FindBranch(const std::string& name) const;

  /// Calls `on_piece` with the body as it comes, until it ends or `on_piece` returns false.
  Status Stream(const std::string& path, const std::function<bool(std::string_view)>& on_piece) const;

 private:
  Result<std::string> Ask(const std::string& method, const std::string& path, const std::string& body) const;
  std::filesystem::path socket_;
};

/// The API's path of a branch's view: "/api/environments/feature-cart".
std::string EnvironmentPath(const Value& view);

}  // namespace perch::cli
