#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

/// GitHub's answers as values. Everything is checked; an answer of another shape is an error whose text goes on from
/// "the answer cannot be understood: ".
namespace perch::git {

template <typename T>
using Parsed = std::expected<T, std::string>;

/// Of GET /repos/{owner}/{repo}.
struct GitHubRepository {
  std::uint64_t id = 0;
  std::string full_name;  ///< "acme/shop"
  std::string default_branch;
  bool operator==(const GitHubRepository&) const = default;
};
Parsed<GitHubRepository> ParseRepository(std::string_view body);

/// A branch and the commit it points at; both as git allows them.
struct GitHubHead {
  std::string name;
  std::string commit;
  bool operator==(const GitHubHead&) const = default;
};
/// Of GET /repos/{owner}/{repo}/branches: one page, in GitHub's order.
Parsed<std::vector<GitHubHead>> ParseBranchPage(std::string_view body);

/// Of GET /repos/{owner}/{repo}/git/ref/{ref}: the commit that `ref` ("refs/heads/main") points at. Old servers answer
/// with a list of refs that begin so; "" when that list does not hold the exact one.
Parsed<std::string> ParseRef(std::string_view body, const std::string& ref);

/// Of GET /repos/{owner}/{repo}/git/commits/{commit}.
struct GitHubCommit {
  std::string tree;
  std::string subject;
  std::string author;
  Time committed_at;
};
Parsed<GitHubCommit> ParseCommit(std::string_view body, const std::string& commit);

/// Of GET /repos/{owner}/{repo}/git/trees/{tree}?recursive=1, without the folders, sorted by path.
struct GitHubFile {
  std::string path, mode, type, hash;
};
Parsed<std::vector<GitHubFile>> ParseTree(std::string_view body);

/// GitHub's own words in an answer that is an error: its message, printable, at most 300 bytes; "" if there is none.
std::string ParseMessage(std::string_view body);

/// Whether the body is a JSON list: that is how a folder's content comes.
bool IsJsonList(std::string_view body);

/// The body that sets a commit status; empty texts are left out.
std::string StatusBody(const std::string& state, const std::string& target_url, const std::string& description,
                       const std::string& context);

}  // namespace perch::git
