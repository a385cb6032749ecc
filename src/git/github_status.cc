#include "git/github_status.h"

#include <algorithm>

#include "base/text.h"
#include "git/github_parse.h"
#include "git/refs.h"

namespace perch::git {
namespace {

constexpr std::size_t kMostCharacters = 140;
constexpr const char* kNeed = "commit statuses: write";

std::string NameOf(CommitStatus::State state) {
  switch (state) {
    case CommitStatus::State::kPending:
      return "pending";
    case CommitStatus::State::kSuccess:
      return "success";
    case CommitStatus::State::kFailure:
      return "failure";
    case CommitStatus::State::kError:
      return "error";
  }
  return "error";
}

/// At most 140 characters of valid UTF-8, the last of them "..." if something was cut.
std::string Cut(const std::string& text) {
  const std::string whole = Printable(text);
  std::size_t characters = 0;
  std::size_t end = 0;  // of the first 137 characters
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(whole[i]) & 0xC0) != 0x80;
    if (starts && characters == kMostCharacters - 3) end = i;
    if (starts) ++characters;
  }
  return characters <= kMostCharacters ? whole : whole.substr(0, end) + "...";
}

std::string LinkOrNothing(const std::string& url) {
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  const bool plain = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  return web && plain && url.size() <= 2000 ? url : "";
}

}  // namespace

Status SetCommitStatus(GitHubClient& client, const CommitStatus& status, std::stop_token stop) {
  GitHubQuestion question{.doing = "cannot set the status of commit " + Printable(status.commit.substr(0, 10)),
                          .need = kNeed,
                          .method = "POST",
                          .path = "/statuses/" + status.commit};
  if (!IsHash(status.commit)) return Fail({.what = question.doing, .why = "it is not a commit's full hash"});
  if (client.options().token.empty()) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = question.doing,
                 .where = client.place().Shown(),
                 .why = "there is no token",
                 .hint = std::string("Set GITHUB_TOKEN to a token with the permission ") + kNeed + "."});
  }
  question.body = StatusBody(NameOf(status.state), LinkOrNothing(status.url), Cut(status.description), status.context);
  const Result<GitHubAnswer> answer = client.Ask(question, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status == 201) return {};
  Error error = client.Refusal(question, *answer);
  if (answer->status == 422) {
    error.hint = "GitHub takes a status only for a commit that was pushed, and at most 1,000 of them for a commit.";
  }
  return Fail(std::move(error));
}

}  // namespace perch::git
