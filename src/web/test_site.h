#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <string>

#include "web/branch_pages.h"
#include "web/fake_backend.h"
#include "web/session_gate.h"
#include "web/site.h"

/// For tests: perch's web side over a fake backend, and a client of it.
namespace perch::web {

inline const Time kNow = *ParseTime("2026-11-22T12:00:00Z");

inline engine::BranchView TestView(const std::string& branch, const std::string& slug, State state) {
  return {.branch = branch,
          .slug = slug,
          .profile = "branch",
          .state = state,
          .url = "http://" + slug + ".localhost:7878/",
          .commit = "1111111aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          .title = "Title of " + branch,
          .author = "Ada",
          .committed_at = kNow - std::chrono::hours(2),
          .updated_at = kNow - std::chrono::hours(1),
          .generation = 1};
}

inline std::string HeaderOf(const net::Response& response, std::string_view name) {
  for (const std::pair<std::string, std::string>& header : response.headers) {
    if (header.first == name) return header.second;
  }
  return "";
}

class WebTest : public testing::Test {
 protected:
  explicit WebTest(Hosts hosts = {}, bool protect = false)
      : hosts_(std::move(hosts)),
        access_(sessions_, {.hosts = hosts_, .protect = protect, .token = Secret("right-token")}),
        site_(backend_, sessions_, access_,
              {.app = "shop",
               .version = "0.1.0",
               .clock = clock_,
               .password = protect ? &password_ : nullptr,
               .guest = [](const engine::BranchView& view, const std::string& body) -> Result<std::string> {
                 return "{\"guest\":\"" + view.slug + "\",\"body\":\"" + body + "\"}";
               }}),
        pages_(backend_, access_, clock_),
        gate_(sessions_, access_, pages_) {}

  net::Request Get(const std::string& target, const std::string& host = "localhost") const {
    const std::string shown = hosts_.tls ? host : host + ":7878";
    return {
        .method = "GET", .target = target, .host = host, .host_header = shown, .peer = "127.0.0.1", .tls = hosts_.tls};
  }
  net::Request Post(const std::string& target, const std::string& body = "") const {
    net::Request request = Get(target);
    request.method = "POST";
    request.body = body;
    return request;
  }
  net::Request PostWithToken(const std::string& target, const std::string& body = "") const {
    net::Request request = Post(target, body);
    request.headers.emplace_back("Authorization", "Bearer right-token");
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    return request;
  }
  net::Request SignedIn(net::Request request) const {
    request.headers.emplace_back(
        "Cookie", std::string(hosts_.tls ? "__Host-perch_session=" : "perch_session=") + sessions_.Issue(request.host));
    return request;
  }
  net::Response Ask(const net::Request& request) { return site_.Handle(request); }

  Time now_ = kNow;
  Clock clock_ = [this] { return now_; };
  Hosts hosts_;
  FakeBackend backend_{clock_};
  Sessions sessions_{Secret("key"), clock_};
  Password password_{Secret("open sesame"), 1000};
  Access access_;
  Site site_;
  BranchPages pages_;
  SessionGate gate_;
};

/// Takes what a BodyStream writes.
class Reader {
 public:
  std::function<bool(std::string)> Writer() {
    return [this](const std::string& piece) {
      const std::scoped_lock lock(mutex_);
      text_ += piece;
      changed_.notify_all();
      return open_;
    };
  }
  std::function<void()> Ender() {
    return [this] {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    };
  }
  void Refuse() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
  }
  /// What came so far once it holds `part`, or what came when that took too long.
  std::string WaitFor(const std::string& part) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return text_.find(part) != std::string::npos; });
    return text_;
  }
  bool WaitForEnd() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_; });
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  bool ended() {
    const std::scoped_lock lock(mutex_);
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool open_ = true;
  bool ended_ = false;
};

}  // namespace perch::web
