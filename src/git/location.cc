#include "git/location.h"

#include <array>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/text.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kForms =
    "Give a path, or a URL that starts with file://, https://, http://, ssh:// or git://.";

std::unexpected<Error> Refuse(const std::string& text, std::string why, std::string hint) {
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot use this repository",
               .where = Printable(text),
               .why = std::move(why),
               .hint = std::move(hint)});
}

bool LooksLikeGitDir(const fs::path& folder) {
  std::error_code ignored;
  // A linked work tree's folder has HEAD and commondir, but no objects of its own.
  return fs::exists(folder / "HEAD", ignored) &&
         (fs::exists(folder / "commondir", ignored) ||
          (fs::is_directory(folder / "objects", ignored) && fs::exists(folder / "refs", ignored)));
}

/// The one line of a small file, after an optional prefix; "" if there is none.
std::string OneLine(const fs::path& file, std::string_view prefix) {
  const Result<std::string> text = ReadFile(file, 1 << 16);
  if (!text || !text->starts_with(prefix)) return "";
  return std::string(Trim(std::string_view(*text).substr(prefix.size())));
}

/// From a git folder to the one that holds refs and objects: that of the main work tree.
fs::path CommonDir(const fs::path& git_dir) {
  const std::string common = OneLine(git_dir / "commondir", "");
  std::error_code ignored;
  return fs::weakly_canonical(common.empty() ? git_dir : git_dir / common, ignored);
}

std::optional<fs::path> GitDirOf(const fs::path& folder) {
  std::error_code ignored;
  const fs::path dot_git = folder / ".git";
  if (fs::is_regular_file(dot_git, ignored)) {
    const fs::path target = folder / OneLine(dot_git, "gitdir:");
    if (LooksLikeGitDir(target)) return CommonDir(target);
    return std::nullopt;
  }
  if (LooksLikeGitDir(dot_git)) return CommonDir(dot_git);
  if (LooksLikeGitDir(folder)) return CommonDir(folder);
  return std::nullopt;
}

Result<Location> FindLocal(const std::string& text, const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return Refuse(text, error ? error.message() : "there is no such folder", "Check the path.");
  }
  if (!fs::is_directory(path, error)) return Refuse(text, "it is not a folder", "Give the folder of a git repository.");
  const fs::path start = fs::canonical(path, error);
  if (error) return Refuse(text, error.message(), "Check the path.");
  for (fs::path folder = start;; folder = folder.parent_path()) {
    if (const std::optional<fs::path> git_dir = GitDirOf(folder)) {
      return Location{.shown = Printable(start.string()), .git_dir = *git_dir};
    }
    if (folder == folder.root_path()) break;
  }
  return Refuse(text, "it is not a git repository", "Make it one with `git init`, or give another folder.");
}

/// The URL without "user:password@".
std::string WithoutCredentials(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return Printable(url);
  const std::size_t end = url.find_first_of("/?#", start + 3);
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < start + 3) return Printable(url);
  return Printable(url.substr(0, start + 3) + url.substr(at + 1));
}

}  // namespace

Result<Location> FindLocation(const std::string& text) {
  if (text.empty()) return Refuse(text, "its path or URL is empty", std::string(kForms));
  if (text.find('\0') != text.npos || text.find('\n') != text.npos) {
    return Refuse(text, "it holds a line end or a zero byte", std::string(kForms));
  }
  if (text[0] == '-') return Refuse(text, "it looks like an option", "Write ./ before a path that starts with '-'.");
  const std::size_t scheme_end = text.find("://");
  const std::size_t colon = text.find(':');
  if (scheme_end != std::string::npos && scheme_end == colon) {
    const std::string scheme = text.substr(0, scheme_end);
    if (scheme == "file") {
      const std::string rest = text.substr(scheme_end + 3);
      const std::optional<std::string> path = PercentDecode(rest.starts_with("localhost/") ? rest.substr(9) : rest);
      if (!path || !path->starts_with('/')) return Refuse(text, "it is not a file:// URL", "Write file:///path.");
      return FindLocal(text, *path);
    }
    for (const std::string_view known : {"http", "https", "ssh", "git", "git+ssh", "ssh+git"}) {
      if (scheme != known) continue;
      const std::size_t host = scheme_end + 3;
      if (host >= text.size() || text[host] == '/' || text[host] == '-') {
        return Refuse(WithoutCredentials(text), "it names no host", std::string(kForms));
      }
      return Location{.url = text, .shown = WithoutCredentials(text)};
    }
    return Refuse(WithoutCredentials(text), "perch does not fetch from " + Printable(scheme) + "://",
                  std::string(kForms));
  }
  std::error_code ignored;
  if (fs::exists(text, ignored)) return FindLocal(text, text);
  if (text.find("::") != std::string::npos && text.find("::") == colon && text.find('/') > colon) {
    return Refuse(text, "perch does not use git's transport helpers", std::string(kForms));
  }
  // As git: a colon before any slash means ssh.
  if (colon != std::string::npos && colon > 0 && text.find('/') > colon) {
    return Location{.url = text, .shown = Printable(text)};
  }
  return FindLocal(text, text);
}

}  // namespace perch::git
