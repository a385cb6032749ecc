#include "git/github_branches.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace perch::git {
namespace {

constexpr const char* kListing = "cannot list the branches";
constexpr const char* kNeed = "contents: read";
constexpr std::chrono::milliseconds kBetweenReadings = std::chrono::seconds(1);

Error InDoubt(const GitHubPlace& place, const std::string& doubt) {
  return {.kind = ErrorKind::kUnavailable,
          .what = kListing,
          .where = place.Shown(),
          .why = doubt,
          .hint = "The list was read " + std::to_string(GitHubBranches::kReadings) +
                  " times and is not believed; nothing was done. Try again."};
}

/// Why a reading must not be believed, apart from the number of its pages; "" if nothing speaks against it.
std::string DoubtIn(const std::vector<GitHubHead>& heads, const std::string& default_branch) {
  std::vector<std::string_view> names;
  for (const GitHubHead& head : heads) names.push_back(head.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) return "branch " + Printable(*twice) + " came twice";
  if (!heads.empty() && !std::ranges::binary_search(names, default_branch)) {
    return "the default branch " + Printable(default_branch) + " is not among the " + std::to_string(heads.size()) +
           " branches of the list";
  }
  return "";
}

}  // namespace

Result<GitHubRepository> GitHubBranches::ReadRepository(const std::string& doing, std::stop_token stop) {
  GitHubQuestion question{.doing = doing, .need = "metadata: read"};
  GitHubRepository known;
  {
    const std::lock_guard lock(mutex_);
    question.etag = repository_etag_;
    known = repository_;
  }
  const Result<GitHubAnswer> answer = client_.Ask(question, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status == 304) return known;
  if (answer->status != 200) return Fail(client_.Refusal(question, *answer));
  Parsed<GitHubRepository> repository = ParseRepository(answer->body);
  if (!repository) return Fail(client_.Misunderstood(question, repository.error()));
  const GitHubPlace& place = client_.place();
  if (!EqualsIgnoreCase(repository->full_name, place.owner + "/" + place.name)) {
    return Fail(client_.Misunderstood(question, "it is about " + Printable(repository->full_name.substr(0, 200))));
  }
  const std::lock_guard lock(mutex_);
  repository_etag_ = answer->Header("etag");
  repository_ = *repository;
  return std::move(*repository);
}

Result<GitHubBranches::PageNow> GitHubBranches::ReadPage(const GitHubRepository& repository, int number,
                                                         std::stop_token stop) {
  GitHubQuestion question{.doing = kListing, .need = kNeed};
  question.path = "/branches?per_page=" + std::to_string(kPerPage) + "&page=" + std::to_string(number);
  std::shared_ptr<const Page> known;
  {
    const std::lock_guard lock(mutex_);
    known = pages_[number];
  }
  if (known) question.etag = known->etag;
  const Result<GitHubAnswer> answer = client_.Ask(question, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status != 200 && answer->status != 304) return Fail(client_.Refusal(question, *answer));
  const Parsed<GitHubLinks> links = ParseLinks(answer->Header("link"), client_.place(), repository.id, number);
  if (!links) return Fail(client_.Misunderstood(question, links.error()));
  // A page can stay the same while another one after it appears: what this answer says of that comes first.
  if (answer->status == 304) return PageNow{.page = known, .links = *links};

  Parsed<std::vector<GitHubHead>> heads = ParseBranchPage(answer->body);
  if (!heads) return Fail(client_.Misunderstood(question, heads.error() + " (page " + std::to_string(number) + ")"));
  if (heads->size() > kPerPage)
    return Fail(client_.Misunderstood(question, "it has more branches than were asked for"));
  const auto page = std::make_shared<const Page>(Page{
      .etag = std::string(answer->Header("etag")), .heads = std::move(*heads), .goes_on = links->next.has_value()});
  const std::lock_guard lock(mutex_);
  pages_[number] = page;
  return PageNow{.page = page, .links = *links};
}

Result<GitHubBranches::Reading> GitHubBranches::ReadOnce(std::stop_token stop) {
  Result<GitHubRepository> repository = ReadRepository(kListing, stop);
  if (!repository) return Fail(repository.error());
  Reading reading{.repository = std::move(*repository)};
  int last_told = 1;
  int last_seen = 1;
  for (int number = 1;; ++number) {
    if (number > kMostPages) {
      return Fail(InDoubt(client_.place(), "it has more than " + std::to_string(kMostPages) + " pages"));
    }
    const Result<PageNow> now = ReadPage(reading.repository, number, stop);
    if (!now) return Fail(now.error());
    ++reading.requests;
    last_told = std::max({last_told, now->links.next.value_or(1), now->links.last.value_or(1)});
    const std::vector<GitHubHead>& heads = now->page->heads;
    if (heads.empty()) break;
    last_seen = number;
    reading.heads.insert(reading.heads.end(), heads.begin(), heads.end());
    if (!now->links.next && !now->page->goes_on && heads.size() < kPerPage) break;
  }
  reading.doubt = DoubtIn(reading.heads, reading.repository.default_branch);
  if (last_seen < last_told) {
    reading.doubt = "the list ended with page " + std::to_string(last_seen) + ", though GitHub had told of page " +
                    std::to_string(last_told);
  }
  const std::lock_guard lock(mutex_);
  pages_.erase(pages_.upper_bound(reading.requests), pages_.end());
  return reading;
}

Result<GitHubBranches::List> GitHubBranches::Read(std::stop_token stop) {
  std::optional<Reading> before;
  std::string doubt;
  for (int i = 0; i < kReadings; ++i) {
    Result<Reading> now = ReadOnce(stop);
    if (!now) return Fail(now.error());
    if (now->doubt.empty() && now->heads.empty()) {
      return Fail({.kind = ErrorKind::kUnavailable,
                   .what = kListing,
                   .where = client_.place().Shown(),
                   .why = "the repository has no branch with a commit",
                   .hint = "Make a first commit there, or push one."});
    }
    const bool same = before && before->repository == now->repository && before->heads == now->heads;
    if (now->doubt.empty() && (now->requests == 1 || same)) {
      std::ranges::sort(now->heads, {}, &GitHubHead::name);
      return List{.heads = std::move(now->heads), .default_branch = std::move(now->repository.default_branch)};
    }
    doubt = !now->doubt.empty() ? now->doubt : "the branches kept changing while they were read";
    const bool wait = before || !now->doubt.empty();
    before = now->doubt.empty() ? std::optional(std::move(*now)) : std::nullopt;
    if (wait && !client_.Sleep(kBetweenReadings, stop)) {
      return Fail(
          {.kind = ErrorKind::kCancelled, .what = kListing, .where = client_.place().Shown(), .why = "cancelled"});
    }
  }
  return Fail(InDoubt(client_.place(), doubt));
}

Result<std::string> GitHubBranches::Fingerprint(std::stop_token stop) {
  const Result<Reading> now = ReadOnce(stop);
  if (!now) return Fail(now.error());
  std::string text = now->repository.default_branch + "\n";
  for (const GitHubHead& head : now->heads) text.append(head.commit).append(" ").append(head.name).append("\n");
  return text;
}

}  // namespace perch::git
