#include "git/github_client.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "base/text.h"
#include "git/github_errors.h"
#include "git/github_limits.h"
#include "git/github_parse.h"

namespace perch::git {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kTries = 4;
constexpr int kLimitWaits = 3;
constexpr milliseconds kPatience = seconds(60);
constexpr const char* kApiVersion = "2022-11-28";

bool IsPassing(int status) { return status == 408 || (status >= 500 && status <= 504 && status != 501); }

Error Stopped(const GitHubQuestion& question, const GitHubPlace& place) {
  return {.kind = ErrorKind::kCancelled, .what = question.doing, .where = place.Shown(), .why = "cancelled"};
}

Error NoConnection(const GitHubQuestion& question, const GitHubPlace& place, const Error& cause) {
  Error error{.kind = cause.kind == ErrorKind::kUsage ? ErrorKind::kUsage : ErrorKind::kUnavailable,
              .what = question.doing,
              .where = place.Shown(),
              .why = cause.why.empty() ? cause.what : cause.why,
              .hint = cause.hint};
  if (error.hint.empty()) error.hint = "Check the network, and that this machine may reach " + place.api + ".";
  return error;
}

/// The digits of ".../repositories/1296269..." on the API's own address, to which a renamed repository redirects.
std::string MovedId(const GitHubPlace& place, std::string_view location) {
  const std::string prefix = place.api + "/repositories/";
  if (!location.starts_with(prefix)) return "";
  const std::string_view rest = location.substr(prefix.size());
  const std::string_view id = rest.substr(0, rest.find_first_not_of("0123456789"));
  return id.size() <= 20 ? std::string(id) : "";
}

}  // namespace

std::string_view GitHubAnswer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

Result<std::unique_ptr<GitHubClient>> GitHubClient::Open(GitHubOptions options, net::Transport& transport) {
  Result<GitHubPlace> place = FindGitHubPlace(options.api_url, options.repository);
  if (!place) return Fail(place.error());
  // CI systems hand over tokens with a line end; anything else that is not plain would break the header.
  const std::string token(Trim(options.token.Reveal()));
  if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; })) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use the token of GITHUB_TOKEN",
                 .why = "it holds a space, a line end or another character that no token has",
                 .hint = "Set it to the token alone."});
  }
  options.token = Secret(token);
  return std::unique_ptr<GitHubClient>(new GitHubClient(std::move(options), std::move(*place), transport));
}

bool GitHubClient::Sleep(milliseconds time, std::stop_token stop) const {
  if (options_.sleep) return options_.sleep(time, stop);
  std::mutex mutex;
  std::condition_variable_any end;
  std::unique_lock lock(mutex);
  end.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

net::RemoteRequest GitHubClient::RequestFor(const GitHubQuestion& question) const {
  net::RemoteRequest request{.method = question.method, .url = place_.Url(question.path), .body = question.body};
  request.headers = {{"Accept", question.accept}, {"X-GitHub-Api-Version", kApiVersion}, {"User-Agent", "perch"}};
  if (!options_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.token.Reveal());
  if (!question.etag.empty()) request.headers.emplace_back("If-None-Match", question.etag);
  if (!question.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

Status GitHubClient::WaitForLimit(const GitHubQuestion& question, bool patient, std::stop_token stop) {
  std::optional<Time> until;
  {
    const std::lock_guard lock(mutex_);
    until = limited_until_;
  }
  if (!until) return {};
  const Time now = options_.clock();
  if (*until <= now) return {};
  const milliseconds wait = *until - now;
  if (patient && wait <= kPatience) {
    const milliseconds spread(static_cast<int>(options_.random() * 1000));
    if (!Sleep(wait + spread, stop)) return Fail(Stopped(question, place_));
    return {};
  }
  const bool anonymous = options_.token.empty();
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = question.doing,
               .where = place_.Shown(),
               .why = std::string("GitHub's limit on requests is reached ") +
                      (anonymous ? "(60 an hour without a token)" : "for this token") + "; it ends in " +
                      FormatDuration(std::chrono::ceil<seconds>(wait)) + ", at " +
                      FormatTime(std::chrono::ceil<seconds>(*until)),
               .hint = anonymous ? "Set GITHUB_TOKEN: with a token it is 5,000 an hour."
                                 : "Wait until then, or use a token that nothing else uses."});
}

Result<GitHubAnswer> GitHubClient::Ask(const GitHubQuestion& question, std::stop_token stop) {
  const net::RemoteRequest request = RequestFor(question);
  int failures = 0;
  int limits = 0;
  while (true) {
    if (stop.stop_requested()) return Fail(Stopped(question, place_));
    const Status free = WaitForLimit(question, limits <= kLimitWaits, stop);
    if (!free) return Fail(free.error());
    Result<net::RemoteResponse> response = transport_.Send(request, stop);
    if (!response) {
      if (response.error().kind == ErrorKind::kCancelled) return Fail(Stopped(question, place_));
      if (response.error().kind != ErrorKind::kUnavailable || ++failures == kTries) {
        return Fail(NoConnection(question, place_, response.error()));
      }
    } else {
      GitHubAnswer answer{response->status, std::move(response->headers), std::move(response->body)};
      if (const std::optional<milliseconds> wait = LimitIn(answer, options_.clock())) {
        ++limits;
        const std::lock_guard lock(mutex_);
        const Time until = options_.clock() + *wait;
        limited_until_ = std::max(limited_until_.value_or(until), until);
        continue;
      }
      if (!IsPassing(answer.status) || ++failures == kTries) return Judge(question, std::move(answer), stop);
    }
    const milliseconds pause(static_cast<int>((500 << failures) * (0.5 + options_.random())));
    if (!Sleep(pause, stop)) return Fail(Stopped(question, place_));
  }
}

Result<GitHubAnswer> GitHubClient::Judge(const GitHubQuestion& question, GitHubAnswer answer, std::stop_token stop) {
  const int status = answer.status;
  if (status == 301 || status == 302 || status == 307 || status == 308) return Fail(Moved(question, answer, stop));
  if (status >= 200 && status < 300) {
    // With single sign-on GitHub may leave out what the token may not see, and call that success.
    if (answer.Header("x-github-sso").starts_with("partial-results")) {
      answer.status = 403;
      return Fail(Refusal(question, answer));
    }
    return answer;
  }
  if (status == 304 && !question.etag.empty()) return answer;
  if (status == 404 || status == 409 || status == 422) return answer;
  return Fail(Refusal(question, answer));
}

Error GitHubClient::Moved(const GitHubQuestion& question, const GitHubAnswer& answer, std::stop_token stop) {
  Error error{.kind = ErrorKind::kUnavailable, .what = question.doing, .where = place_.Shown()};
  const std::string location(answer.Header("location"));
  std::string now;
  if (const std::string id = MovedId(place_, location); !id.empty()) {
    net::RemoteRequest request = RequestFor({});
    request.url = place_.api + "/repositories/" + id;
    const Result<net::RemoteResponse> response = transport_.Send(request, stop);
    if (response && response->status == 200) {
      const Parsed<GitHubRepository> repository = ParseRepository(response->body);
      if (repository && FindGitHubPlace(place_.api, repository->full_name)) now = repository->full_name;
    }
  }
  if (now.empty()) {
    error.why = "GitHub sends to another place: " + Printable(location.substr(0, 300));
    error.hint = "The repository was renamed or moved, or GITHUB_API_URL is not the API's own address.";
    return error;
  }
  error.why = "the repository was renamed; it is now " + now;
  error.hint = "Use " + now + " from now on. (Whoever takes the old name would be believed otherwise.)";
  return error;
}

Error GitHubClient::Refusal(const GitHubQuestion& question, const GitHubAnswer& answer) const {
  return ErrorOfAnswer(place_, !options_.token.empty(), question, answer);
}

Error GitHubClient::Misunderstood(const GitHubQuestion& question, const std::string& why) const {
  return {.kind = ErrorKind::kUnavailable,
          .what = question.doing,
          .where = place_.Shown(),
          .why = "the answer cannot be understood: " + why,
          .hint = place_.host == "github.com" ? "Try again; if it stays so, use the repository's git URL instead."
                                              : "Check that GITHUB_API_URL is the address of a GitHub API."};
}

}  // namespace perch::git
