#pragma once

#include <functional>
#include <string>
#include <vector>

#include "web/access.h"
#include "web/backend.h"
#include "web/ticker.h"

namespace perch::web {

/// Everything under /api/. Slugs in paths may also be percent-encoded branch names.
class Api {
 public:
  /// Answers POST /api/environments/{slug}/guest with JSON: what `perch exec` needs to enter a branch's sandbox.
  using Guest = std::function<Result<std::string>(const engine::BranchView& view, const std::string& body)>;
  struct Options {
    std::string app;
    std::string version;
    std::chrono::milliseconds heartbeat{15000};
    Guest guest;  ///< may be empty
  };
  Api(Backend& backend, Ticker& ticker, const Access& access, Options options);

  /// `path`: the decoded segments after "api". The host has been checked.
  net::Response Handle(const net::Request& request, const std::vector<std::string>& path);

 private:
  net::Response Read(const net::Request& request, const std::vector<std::string>& path);
  net::Response Change(const net::Request& request, const std::vector<std::string>& path);
  net::Response StatusOfAll();
  net::Response Log(const net::Request& request, const engine::BranchView& view);
  net::Response Events(const net::Request& request);
  net::Response Sweep(const net::Request& request);
  net::Response ChangeBranch(const std::string& slug, const std::string& verb);
  net::Response AskGuest(const net::Request& request, const std::string& slug);
  Result<engine::BranchView> FindBranch(const std::string& slug);

  Backend& backend_;
  Ticker& ticker_;
  const Access& access_;
  const Options options_;
};

/// The segments of a URL path, each percent-decoded after splitting; nullopt for a broken escape or a NUL.
std::optional<std::vector<std::string>> PathSegments(std::string_view path);

/// "no such branch" with the nearest name as a hint. `views`: what there is.
Error NoSuchBranch(const std::string& name, const std::vector<engine::BranchView>& views);

}  // namespace perch::web
