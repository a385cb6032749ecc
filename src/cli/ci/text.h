#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Small pieces that the pipelines are written with. All of it is pure.
namespace perch::cli::ci {

/// `text` with each @NAME@ replaced by its value, in one pass: what a value holds is never looked at again. A @NAME@
/// that stands alone on its line brings all lines of its value to the same indentation, and takes the line away when
/// the value is empty. A name that is not in `values` stays.
std::string Fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values);

/// One word of a POSIX shell, whatever it holds.
std::string ShellWord(std::string_view text);

/// A pattern of perch.yaml (`*`: any characters, `?`: any one) as a regular expression of the whole name between
/// slashes, as GitLab (RE2) and CircleCI (Java) read it.
std::string RegexOf(std::string_view pattern);

/// The same as a filter of GitHub's `on.push.branches`, which has nothing like `?`: it stays, and means itself.
std::string GitHubFilterOf(std::string_view pattern);

/// A YAML list on one line, each text in double quotes.
std::string FlowList(const std::vector<std::string>& texts);

}  // namespace perch::cli::ci
