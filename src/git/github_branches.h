#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "git/github_client.h"
#include "git/github_links.h"
#include "git/github_parse.h"

namespace perch::git {

/// All branches of a repository on GitHub, page by page. Thread-safe.
///
/// No branch that exists all the while may be missing, because what is missing gets deleted. GitHub cuts its list into
/// pages by position: a deletion between two requests moves every later branch up by one, so that the first branch of
/// the next page slips onto the page that was just read, and is never seen. Therefore:
/// - A list that fits on one page comes from one request, and is believed.
/// - A longer one is read again from its beginning, and is believed only when both readings agree in every page's
///   branches and commits, and in the default branch; else it is read anew, up to kReadings times. A branch is missed
///   in one reading only if another branch goes while it is read; for the second reading to look the same, that one
///   must have come back with its old commit in between, gone again at the same boundary, and all that within one
///   listing. What is left of that is caught by the caller, who asks for the one branch (Find) before deleting.
/// - The second reading costs nothing with a token: each page has its own ETag, and GitHub does not count a 304.
///   A 304 for one page says nothing about the others, so each is asked for.
/// - The end is where a page is not full and no link leads on. A full page without a link is not believed: the next one
///   is asked for. An end before the page that GitHub called the last, a name that comes twice, and a default branch
///   that is not in the list are doubts: the list is read anew, and is an error if they stay.
/// - Anything else that is odd (a shape, a name, a link to elsewhere, a 304 nobody asked for) is an error at once.
class GitHubBranches {
 public:
  static constexpr int kReadings = 5;
  static constexpr int kPerPage = 100;  // GitHub's most
  static constexpr int kMostPages = 1000;

  explicit GitHubBranches(GitHubClient& client) : client_(client) {}

  struct List {
    std::vector<GitHubHead> heads;  ///< sorted by name; never empty
    std::string default_branch;     ///< one of them
  };
  /// As engine::BranchSource::List.
  Result<List> Read(std::stop_token stop);

  /// One reading, as one text that differs when something differs; for noticing changes only.
  Result<std::string> Fingerprint(std::stop_token stop);

  /// The repository itself; an error if it cannot be read or is not the one that was asked for.
  Result<GitHubRepository> ReadRepository(const std::string& doing, std::stop_token stop);

 private:
  struct Page {
    std::string etag;
    std::vector<GitHubHead> heads;
    bool goes_on = false;
  };
  /// A page as it is now, and what the links of this very answer say.
  struct PageNow {
    std::shared_ptr<const Page> page;
    GitHubLinks links;
  };
  struct Reading {
    GitHubRepository repository;
    std::vector<GitHubHead> heads;
    int requests = 0;   // for pages
    std::string doubt;  // why it must not be believed; "" if nothing speaks against it
  };
  Result<Reading> ReadOnce(std::stop_token stop);
  Result<PageNow> ReadPage(const GitHubRepository& repository, int number, std::stop_token stop);

  GitHubClient& client_;
  std::mutex mutex_;
  std::map<int, std::shared_ptr<const Page>> pages_;  // what is known, by number
  std::string repository_etag_;
  GitHubRepository repository_;
};

}  // namespace perch::git
