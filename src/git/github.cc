#include "git/github.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/glob.h"
#include "base/text.h"
#include "git/refs.h"
#include "git/watch.h"

namespace perch::git {
namespace {

constexpr std::size_t kMostCommits = 5000;
constexpr std::size_t kFileLimit = 1 << 20;
constexpr const char* kNeed = "contents: read";
constexpr std::chrono::milliseconds kPollWithoutToken = std::chrono::minutes(5);  // 60 requests an hour are all

Status CheckHash(const std::string& commit, const std::string& doing) {
  if (IsHash(commit)) return {};
  return Fail({.what = doing, .where = Printable(commit), .why = "it is not a commit's full hash"});
}

/// Whether a tree can hold a file of this path.
bool IsPlainPath(const std::string& path) {
  if (path.contains('\0')) return false;
  return std::ranges::all_of(Split(path, '/'),
                             [](const std::string& part) { return !part.empty() && part != "." && part != ".."; });
}

void Fill(Branch& branch, const GitHubCommit& commit) {
  branch.tree = commit.tree;
  branch.subject = commit.subject;
  branch.author = commit.author;
  branch.committed_at = commit.committed_at;
}

}  // namespace

Result<std::unique_ptr<GitHub>> GitHub::Open(GitHubOptions options, net::Transport& transport,
                                             std::unique_ptr<engine::BranchSource> files) {
  Result<std::unique_ptr<GitHubClient>> client = GitHubClient::Open(std::move(options), transport);
  if (!client) return Fail(client.error());
  return std::unique_ptr<GitHub>(new GitHub(std::move(*client), std::move(files)));
}

std::optional<GitHubCommit> GitHub::KnownCommit(const std::string& commit) {
  const std::lock_guard lock(mutex_);
  const auto known = commits_.find(commit);
  return known == commits_.end() ? std::nullopt : std::optional(known->second);
}

Result<GitHubCommit> GitHub::ReadCommit(const std::string& doing, const std::string& commit, std::stop_token stop) {
  if (std::optional<GitHubCommit> known = KnownCommit(commit)) return std::move(*known);
  // Of GitHub's two addresses for a commit this is the one without its diff.
  const GitHubQuestion question{.doing = doing, .need = kNeed, .path = "/git/commits/" + commit};
  const Result<GitHubAnswer> answer = client_->Ask(question, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status != 200) {
    Error error = client_->Refusal(question, *answer);
    error.why = "commit " + commit.substr(0, 10) + ": " + error.why;
    return Fail(std::move(error));
  }
  const Parsed<GitHubCommit> parsed = ParseCommit(answer->body, commit);
  if (!parsed) return Fail(client_->Misunderstood(question, parsed.error()));
  const std::lock_guard lock(mutex_);
  if (commits_.emplace(commit, *parsed).second) commits_by_age_.push_back(commit);
  if (commits_by_age_.size() > kMostCommits) {
    commits_.erase(commits_by_age_.front());
    commits_by_age_.pop_front();
  }
  return *parsed;
}

Result<BranchList> GitHub::List(std::stop_token stop) {
  Result<GitHubBranches::List> list = branches_.Read(stop);
  if (!list) return Fail(list.error());
  BranchList result{.default_branch = std::move(list->default_branch)};
  result.branches.reserve(list->heads.size());
  for (GitHubHead& head : list->heads) {
    Branch branch{.name = std::move(head.name), .commit = std::move(head.commit)};
    if (const std::optional<GitHubCommit> known = KnownCommit(branch.commit)) Fill(branch, *known);
    result.branches.push_back(std::move(branch));
  }
  return result;
}

Result<std::optional<std::string>> GitHub::ReadRef(const std::string& doing, const std::string& name,
                                                   std::stop_token stop) {
  const GitHubQuestion question{.doing = doing, .need = kNeed, .path = "/git/ref/" + PercentEncode("heads/" + name)};
  const Result<GitHubAnswer> answer = client_->Ask(question, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status == 404) return std::nullopt;
  if (answer->status != 200) return Fail(client_->Refusal(question, *answer));
  Parsed<std::string> commit = ParseRef(answer->body, "refs/heads/" + name);
  if (!commit) return Fail(client_->Misunderstood(question, commit.error()));
  if (commit->empty()) return std::nullopt;
  return std::optional(std::move(*commit));
}

Result<std::optional<Branch>> GitHub::Find(const std::string& name, std::stop_token stop) {
  if (!IsBranchName(name)) return std::nullopt;
  const std::string doing = "cannot look for branch " + Printable(name);
  if (!IsUtf8(name)) {
    return Fail({.kind = ErrorKind::kUnavailable,
                 .what = doing,
                 .where = client_->place().Shown(),
                 .why = "its name is not UTF-8, and GitHub's API knows no other names",
                 .hint = "Use the repository's git URL, or rename the branch."});
  }
  const Result<std::optional<std::string>> commit = ReadRef(doing, name, stop);
  if (!commit) return Fail(commit.error());
  if (*commit) {
    const Result<GitHubCommit> details = ReadCommit(doing, **commit, stop);
    if (!details) return Fail(details.error());
    Branch branch{.name = name, .commit = **commit};
    Fill(branch, *details);
    return std::optional(std::move(branch));
  }
  const Result<GitHubRepository> repository = branches_.ReadRepository(doing, stop);
  if (!repository) return Fail(repository.error());
  Error error{.kind = ErrorKind::kUnavailable,
              .what = doing,
              .where = client_->place().Shown(),
              .hint = "Check that the repository has a commit, and that the token has the permission contents: read."};
  error.why = "GitHub says 404, but for the default branch " + Printable(repository->default_branch) + " too";
  if (repository->default_branch == name) {
    error.why = "GitHub says 404, but it is the repository's default branch";
    return Fail(std::move(error));
  }
  const Result<std::optional<std::string>> readable = ReadRef(doing, repository->default_branch, stop);
  if (!readable) return Fail(readable.error());
  if (!*readable) return Fail(std::move(error));
  return std::nullopt;
}

Result<std::optional<std::string>> GitHub::ReadFile(const std::string& commit, const std::string& path) {
  const std::string doing = "cannot read " + Printable(path) + " of commit " + commit.substr(0, 10);
  if (const Status checked = CheckHash(commit, doing); !checked) return Fail(checked.error());
  if (!IsPlainPath(path)) return std::nullopt;
  const GitHubQuestion question{.doing = doing,
                                .need = kNeed,
                                .path = "/contents/" + PercentEncode(path) + "?ref=" + commit,
                                .accept = "application/vnd.github.raw+json"};
  Result<GitHubAnswer> answer = client_->Ask(question, {});
  if (!answer) return Fail(answer.error());
  if (answer->status == 404) {
    const Result<GitHubCommit> known = ReadCommit(doing, commit, {});
    if (!known) return Fail(known.error());
    return std::nullopt;
  }
  if (answer->status != 200) return Fail(client_->Refusal(question, *answer));
  if (!ToLower(answer->Header("content-type")).contains("raw")) {
    // A folder comes as a list, whatever was asked for.
    if (IsJsonList(answer->body)) return std::nullopt;
    return Fail(client_->Misunderstood(question, "it is not the file's content"));
  }
  if (answer->body.size() > kFileLimit) {
    return Fail({.kind = ErrorKind::kUsage, .what = doing, .why = "it is larger than 1 MiB"});
  }
  return std::optional(std::move(answer->body));
}

Result<std::string> GitHub::FilesDigest(const std::string& commit, const std::vector<std::string>& globs) {
  const std::string doing = "cannot list the files of commit " + commit.substr(0, 10);
  if (const Status checked = CheckHash(commit, doing); !checked) return Fail(checked.error());
  const Result<GitHubCommit> details = ReadCommit(doing, commit, {});
  if (!details) return Fail(details.error());
  const GitHubQuestion question{.doing = doing, .need = kNeed, .path = "/git/trees/" + details->tree + "?recursive=1"};
  const Result<GitHubAnswer> answer = client_->Ask(question, {});
  if (!answer) return Fail(answer.error());
  if (answer->status != 200) return Fail(client_->Refusal(question, *answer));
  const Parsed<std::vector<GitHubFile>> files = ParseTree(answer->body);
  if (!files) return Fail(client_->Misunderstood(question, files.error()));
  std::string fitting;  // as `git ls-tree -r -z` writes it, so that git and REST agree
  for (const GitHubFile& file : *files) {
    const bool fits = std::ranges::any_of(globs, [&](const std::string& glob) { return GlobMatches(glob, file.path); });
    if (!fits) continue;
    fitting.append(file.mode).append(" ").append(file.type).append(" ").append(file.hash).append("\t").append(
        file.path);
    fitting.push_back('\0');
  }
  return Sha256Hex(fitting);
}

Status GitHub::CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) {
  const std::string doing = "cannot check out commit " + commit.substr(0, 10);
  if (!files_) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = doing,
                 .where = client_->place().Shown(),
                 .why = "GitHub's REST API only tells of branches and single files",
                 .hint = "Give the repository by its git URL: " + client_->place().GitUrl()});
  }
  // A copy made for an earlier commit lacks this one.
  const Result<BranchList> fetched = files_->List(stop);
  if (!fetched) return Fail(fetched.error());
  return files_->CheckOut(commit, folder, stop);
}

Result<std::unique_ptr<engine::Watch>> GitHub::WatchForChanges(std::function<void()> on_change) {
  const GitHubOptions& options = client_->options();
  const std::chrono::milliseconds interval =
      options.token.empty() ? std::max(options.poll, kPollWithoutToken) : options.poll;
  return WatchByPolling([this](const std::stop_token& stop) { return branches_.Fingerprint(stop); }, interval,
                        std::move(on_change));
}

}  // namespace perch::git
