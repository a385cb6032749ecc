#pragma once

#include <optional>
#include <string_view>

#include "git/github_parse.h"
#include "git/github_place.h"

namespace perch::git {

/// What a Link header (RFC 8288) says of a list's pages. GitHub sends none when all fits on one page.
struct GitHubLinks {
  std::optional<int> next;
  std::optional<int> last;
};

/// Reads the Link header of page `page` of the branches of the repository with this id. The pages are asked for by
/// number, so no link is ever followed; one that leads to another host, another list, or to another page than the next
/// is an error all the same: then it is not certain what the list is.
Parsed<GitHubLinks> ParseLinks(std::string_view header, const GitHubPlace& place, std::uint64_t repository_id,
                               int page);

}  // namespace perch::git
