#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "git/github.h"
#include "net/remote.h"

/// For tests: GitHub as a map from request to answers.
namespace perch::git {

inline const std::string kToken = "ghp_0123456789abcdef";
inline const std::string kApi = "https://api.github.com";
inline const std::string kShop = "GET https://api.github.com/repos/acme/shop";

/// An answer, or an error of the connection.
using Scripted = Result<net::RemoteResponse>;

inline Scripted Answered(int status, std::string body, net::Headers headers = {}) {
  headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return net::RemoteResponse{.status = status, .headers = std::move(headers), .body = std::move(body)};
}

inline Scripted NotThere() { return Answered(404, R"({"message":"Not Found"})"); }

/// Answers "METHOD URL" from a script: each answer once, in order, the last one for ever. What no script knows is an
/// error of the test. Thread-safe.
class FakeGitHub : public net::Transport {
 public:
  /// Answers of this request from now on.
  void Script(const std::string& request, std::deque<Scripted> answers) {
    const std::lock_guard lock(mutex_);
    answers_[request] = std::move(answers);
  }
  /// Called for every request that no script knows.
  void Otherwise(std::function<Scripted(const net::RemoteRequest&)> answer) { otherwise_ = std::move(answer); }

  Scripted Send(const net::RemoteRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const std::string key = request.method + " " + request.url;
    const auto script = answers_.find(key);
    if (script == answers_.end()) {
      if (otherwise_) return otherwise_(request);
      ADD_FAILURE() << "nobody expected " << key;
      return Answered(500, "");
    }
    Scripted answer = script->second.front();
    if (script->second.size() > 1) script->second.pop_front();
    return answer;
  }

  std::vector<net::RemoteRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// "GET /repos/acme/shop": without the API's address.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const net::RemoteRequest& request : requests()) {
      const std::string url = request.url.starts_with(kApi) ? request.url.substr(kApi.size()) : request.url;
      lines.push_back(request.method + " " + url);
    }
    return lines;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Scripted>> answers_;
  std::function<Scripted(const net::RemoteRequest&)> otherwise_;
  std::vector<net::RemoteRequest> requests_;
};

inline std::string HeaderOf(const net::RemoteRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

inline std::string CommitFor(const std::string& name) { return Sha256Hex(name).substr(0, 40); }

inline std::string RepositoryJson(const std::string& default_branch = "main") {
  return R"({"id":1296269,"full_name":"acme/shop","default_branch":)" + JsonString(default_branch) + "}";
}

inline std::string BranchJson(const std::string& name, const std::string& commit) {
  return R"({"name":)" + JsonString(name) + R"(,"commit":{"sha":")" + commit + R"("},"protected":false})";
}

inline std::string PageJson(const std::vector<std::string>& names) {
  std::vector<std::string> entries;
  for (const std::string& name : names) entries.push_back(BranchJson(name, CommitFor(name)));
  return "[" + Join(entries, ",") + "]";
}

inline std::string RefJson(const std::string& name, const std::string& commit) {
  return R"({"ref":)" + JsonString("refs/heads/" + name) + R"(,"object":{"type":"commit","sha":")" + commit + R"("}})";
}

inline std::string CommitJson(const std::string& commit) {
  return R"({"sha":")" + commit + R"(","message":"Add the cart\n\nLong.","tree":{"sha":")" + CommitFor("tree") +
         R"("},"author":{"name":"Ada","date":"2026-11-01T10:00:00Z"},)" +
         R"("committer":{"name":"Cleo","date":"2026-11-02T10:00:00Z"}})";
}

inline std::string PageUrl(int page) { return kShop + "/branches?per_page=100&page=" + std::to_string(page); }

/// As GitHub writes it: by the repository's number.
inline std::string LinkTo(int next, int last) {
  const std::string url = "<https://api.github.com/repositories/1296269/branches?per_page=100&page=";
  std::string link = url + "1>; rel=\"first\"";
  if (next > 0) link = url + std::to_string(next) + ">; rel=\"next\", " + link;
  if (last > 0) link += ", " + url + std::to_string(last) + ">; rel=\"last\"";
  return link;
}

/// A whole repository: pages of 100 with links and ETags, like GitHub's.
class FakeRepository {
 public:
  std::map<std::string, std::string> branches = {{"main", CommitFor("main")}};
  std::string default_branch = "main";
  /// Called before page `page` is answered.
  std::function<void(int page)> before_page;
  int unconditional = 0;  ///< answers that count against GitHub's limit

  Scripted Answer(const net::RemoteRequest& request) {
    if (request.method + " " + request.url == kShop) return Conditional(request, RepositoryJson(default_branch), {});
    const std::string prefix = PageUrl(0).substr(4, PageUrl(0).size() - 5);
    EXPECT_TRUE(request.url.starts_with(prefix)) << request.url;
    const int page = static_cast<int>(ParseNumber(request.url.substr(prefix.size())).value_or(0));
    if (before_page) before_page(page);
    std::vector<std::string> entries;
    int position = 0;
    for (const auto& [name, commit] : branches) {
      if (position++ / 100 == page - 1) entries.push_back(BranchJson(name, commit));
    }
    const int last = (static_cast<int>(branches.size()) + 99) / 100;
    net::Headers headers;
    if (last > 1) headers.emplace_back("Link", LinkTo(page < last ? page + 1 : 0, page < last ? last : 0));
    return Conditional(request, "[" + Join(entries, ",") + "]", std::move(headers));
  }

 private:
  Scripted Conditional(const net::RemoteRequest& request, const std::string& body, net::Headers headers) {
    const std::string etag = "W/\"" + Sha256Hex(body) + "\"";
    headers.emplace_back("ETag", etag);
    if (HeaderOf(request, "If-None-Match") == etag) return Answered(304, "", std::move(headers));
    ++unconditional;
    return Answered(200, body, std::move(headers));
  }
};

/// A client with a clock that only sleeping moves.
class GitHubTest : public testing::Test {
 protected:
  GitHubOptions Options() {
    return {.repository = "acme/shop",
            .token = Secret(kToken),
            .clock = [this] { return now; },
            .random = [] { return 0.5; },
            .sleep =
                [this](std::chrono::milliseconds time, std::stop_token stop) {
                  sleeps.push_back(time.count());
                  now += time;
                  return !stop.stop_requested();
                }};
  }
  std::unique_ptr<GitHub> Open(GitHubOptions options, std::unique_ptr<engine::BranchSource> files = nullptr) {
    Result<std::unique_ptr<GitHub>> github = GitHub::Open(std::move(options), transport, std::move(files));
    if (!github) ADD_FAILURE() << github.error().Text();
    return github ? std::move(*github) : nullptr;
  }
  std::unique_ptr<GitHub> Open() { return Open(Options()); }

  /// What a look at the branches says: an error's text, or "main feature (default main)".
  static std::string Say(const Result<BranchList>& list) {
    if (!list) return list.error().Text();
    std::string text;
    for (const Branch& branch : list->branches) text += branch.name + " ";
    return text + "(default " + list->default_branch + ")";
  }
  std::string SayList() { return Say(Open()->List({})); }
  /// The list, when page 1 is this answer.
  std::string SayListOf(Scripted page) {
    transport.Script(kShop, {Answered(200, RepositoryJson())});
    transport.Script(PageUrl(1), {std::move(page)});
    return SayList();
  }

  Time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(17)};
  std::vector<std::int64_t> sleeps;
  FakeGitHub transport;
};

}  // namespace perch::git
