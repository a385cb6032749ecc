#include "git/github_links.h"

#include <string>
#include <vector>

#include "base/text.h"

namespace perch::git {
namespace {

/// The number of the page that `url` is about; an error if it is no page of this list.
Parsed<int> PageOf(std::string_view url, const GitHubPlace& place, std::uint64_t repository_id) {
  const std::string shown = Printable(url.substr(0, 200));
  const std::string_view path = url.substr(0, url.find('?'));
  // GitHub writes the repository's number in place of its name.
  const std::string by_id = place.api + "/repositories/" + std::to_string(repository_id) + "/branches";
  if (!EqualsIgnoreCase(path, by_id) && !EqualsIgnoreCase(path, place.Url("/branches"))) {
    return std::unexpected("it says that the list goes on elsewhere, at " + shown);
  }
  std::optional<std::uint64_t> page;
  for (const std::string& part : Split(path.size() == url.size() ? "" : url.substr(path.size() + 1), '&')) {
    if (part.starts_with("page=")) page = ParseNumber(part.substr(5));
  }
  if (!page || *page < 1 || *page > 1'000'000) return std::unexpected("its link has no page number: " + shown);
  return static_cast<int>(*page);
}

}  // namespace

Parsed<GitHubLinks> ParseLinks(std::string_view header, const GitHubPlace& place, std::uint64_t repository_id,
                               int page) {
  GitHubLinks links;
  std::string_view rest = Trim(header);
  while (!rest.empty()) {
    const std::size_t close = rest.find('>');
    if (!rest.starts_with('<') || close == rest.npos) return std::unexpected("its Link header is none");
    const std::string_view url = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    const std::size_t end = std::min(rest.find(",<"), rest.find(", <"));
    const std::string parameters = ToLower(rest.substr(0, end));
    rest = end == rest.npos ? "" : Trim(rest.substr(end + 1));
    const bool is_next = parameters.contains("rel=\"next\"") || parameters.contains("rel=next");
    const bool is_last = parameters.contains("rel=\"last\"") || parameters.contains("rel=last");
    if (!is_next && !is_last) continue;
    const Parsed<int> number = PageOf(url, place, repository_id);
    if (!number) return std::unexpected(number.error());
    if (is_next && *number != page + 1) {
      return std::unexpected("after page " + std::to_string(page) + " it leads to page " + std::to_string(*number));
    }
    (is_next ? links.next : links.last) = *number;
  }
  return links;
}

}  // namespace perch::git
