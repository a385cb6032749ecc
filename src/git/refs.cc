#include "git/refs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "git/git_program.h"

namespace perch::git {
namespace {

constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kFormat =
    "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(tree)%00%(authorname)%00%(committerdate:unix)%00"
    "%(contents:subject)%00";
constexpr std::size_t kFields = 7;

Time CommitTime(std::string_view text) {
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  // A commit may claim any date; years 0 to 9999 can be written down.
  seconds = std::clamp<std::int64_t>(seconds, -62'167'219'200, 253'402'300'799);
  return Time(std::chrono::seconds(seconds));
}

std::unexpected<Error> Unreadable(const LocalRefs& refs, std::string why, std::string hint) {
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = "cannot list the branches",
               .where = refs.shown,
               .why = std::move(why),
               .hint = std::move(hint)});
}

/// git leaves out what it cannot read, with a warning at best; here that is an error.
Status CheckWarnings(const LocalRefs& refs, const std::string& err) {
  for (const std::string& line : Lines(err)) {
    const std::size_t at = line.find("ignoring broken ref ");
    if (at == std::string::npos) continue;
    const std::string name = Printable(line.substr(at + 20));
    return Unreadable(
        refs, name + " is broken: its file holds no commit, or cannot be read",
        "Run `git fsck` there; if the branch is not needed, delete it with `git update-ref -d " + name + "`.");
  }
  return {};
}

/// git takes a folder of branches that it cannot open for an empty one.
Status CheckFolders(const LocalRefs& refs, int parent, const char* name, const std::string& path) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};  // deleted meanwhile; or branches are not kept in folders
    return Unreadable(refs, "cannot open " + Printable(path) + ": " + ErrnoText(errno),
                      "Let perch's user read the whole repository.");
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(fd), closedir);
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.' || entry->d_type == DT_REG) continue;
    struct stat status;
    if (entry->d_type == DT_UNKNOWN && (fstatat(fd, entry->d_name, &status, 0) != 0 || !S_ISDIR(status.st_mode)))
      continue;
    const Status inner = CheckFolders(refs, fd, entry->d_name, path + "/" + entry->d_name);
    if (!inner) return inner;
  }
  return {};
}

Status CheckFolders(const LocalRefs& refs) {
  const std::string heads = (refs.git_dir / "refs/heads").string();
  return CheckFolders(refs, AT_FDCWD, heads.c_str(), heads);
}

Result<std::vector<Branch>> ParseBranches(const LocalRefs& refs, std::string_view text) {
  std::vector<Branch> branches;
  std::string_view fields[kFields];
  while (!text.empty()) {
    for (std::string_view& field : fields) {
      const std::size_t end = text.find('\0');
      if (end == std::string_view::npos) return Unreadable(refs, "git's answer was cut short", "");
      field = text.substr(0, end);
      text.remove_prefix(end + 1);
    }
    const auto [ref, commit, type, tree, author, date, subject] = fields;
    if (!text.starts_with('\n') || !ref.starts_with(kHeads) || !IsHash(commit)) {
      return Unreadable(refs, "git's answer cannot be understood at " + Printable(ref), "Run `git fsck` there.");
    }
    text.remove_prefix(1);
    if (type != "commit" || !IsHash(tree)) {
      return Unreadable(refs, Printable(ref) + " points at a " + std::string(type) + ", not at a commit",
                        "Point it at a commit, or delete it.");
    }
    branches.push_back({.name = std::string(ref.substr(kHeads.size())),
                        .commit = std::string(commit),
                        .tree = std::string(tree),
                        .subject = std::string(subject),
                        .author = std::string(author),
                        .committed_at = CommitTime(date)});
  }
  return branches;
}

Result<std::vector<Branch>> RunForEachRef(const LocalRefs& refs, const std::string& pattern, std::stop_token stop) {
  GitCall call;
  call.args = {"--git-dir=" + refs.git_dir.string(), "for-each-ref", std::string(kFormat), pattern};
  call.cwd = refs.git_dir;
  call.timeout = refs.timeout;
  call.doing = "cannot list the branches";
  call.where = refs.shown;
  const Result<GitOutput> output = RunGit(call, stop);
  if (!output) return Fail(output.error());
  if (const Status checked = CheckWarnings(refs, output->err); !checked) return Fail(checked.error());
  return ParseBranches(refs, output->out);
}

}  // namespace

bool IsHash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsBranchName(std::string_view name) {
  if (name.empty() || name.ends_with('.') || name.find("..") != name.npos || name.find("@{") != name.npos) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || std::string_view(" ~^:?*[\\").contains(c)) return false;
  }
  for (const std::string& part : Split(name, '/')) {
    if (part.empty() || part.starts_with('.') || part.ends_with(".lock")) return false;
  }
  return true;
}

Result<std::vector<Branch>> ReadBranches(const LocalRefs& refs, std::stop_token stop) {
  Result<std::vector<Branch>> branches = RunForEachRef(refs, "refs/heads", stop);
  if (!branches) return branches;
  if (const Status readable = CheckFolders(refs); !readable) return Fail(readable.error());
  std::ranges::sort(*branches, {}, &Branch::name);
  return branches;
}

Result<std::optional<Branch>> ReadBranch(const LocalRefs& refs, const std::string& name, std::stop_token stop) {
  if (!IsBranchName(name)) return std::nullopt;
  // The pattern also fits branches below it, so the exact one is picked; a valid name holds no wildcard.
  Result<std::vector<Branch>> found = RunForEachRef(refs, std::string(kHeads) + name, stop);
  if (!found) return Fail(found.error());
  for (Branch& branch : *found) {
    if (branch.name == name) return std::move(branch);
  }
  if (const Status readable = CheckFolders(refs); !readable) return Fail(readable.error());
  return std::nullopt;
}

std::string ReadDefaultBranch(const LocalRefs& refs, std::stop_token stop) {
  const Result<std::string> head = ReadFile(refs.git_dir / "HEAD", 1 << 16);
  const std::string prefix = "ref: " + std::string(kHeads);
  if (!head || !head->starts_with(prefix)) return "";
  std::string name(Trim(std::string_view(*head).substr(prefix.size())));
  if (name == ".invalid") {  // refs are kept in tables; only git can read them
    GitCall call;
    call.args = {"--git-dir=" + refs.git_dir.string(), "symbolic-ref", "--quiet", "HEAD"};
    call.timeout = refs.timeout;
    const Result<GitOutput> output = RunGit(call, stop);
    const std::string_view ref = output ? Trim(output->out) : "";
    name = ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : "";
  }
  return IsBranchName(name) ? name : "";
}

Result<RemoteRefs> ParseRemoteRefs(std::string_view text) {
  RemoteRefs refs;
  for (const std::string& line : Lines(text)) {
    const std::size_t tab = line.find('\t');
    const std::string_view left = std::string_view(line).substr(0, tab);
    const std::string_view name = tab == line.npos ? "" : std::string_view(line).substr(tab + 1);
    if (name == "HEAD" && left.starts_with("ref: refs/heads/")) {
      refs.default_branch = left.substr(16);
    } else if (name.starts_with(kHeads) && IsHash(left)) {
      if (IsBranchName(name.substr(kHeads.size()))) refs.heads.emplace(name.substr(kHeads.size()), left);
    } else if (name.empty()) {
      return Fail({.kind = ErrorKind::kUnavailable,
                   .what = "cannot list the branches",
                   .why = "the host's answer cannot be understood: " + Printable(line)});
    }
  }
  return refs;
}

}  // namespace perch::git
