#include "git/objects.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/text.h"
#include "git/git_program.h"
#include "git/refs.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLimit = 1 << 20;
constexpr std::size_t kTreeLimit = 16 << 20;

/// One answer of `git cat-file --batch`; `type` is "" for an object that is not there.
struct BatchAnswer {
  std::string_view type;
  std::uint64_t size = 0;
  std::string_view content;  ///< all of it, unless the output was cut
};

/// Takes one answer off `text`; nullopt when it is malformed or cut.
std::optional<BatchAnswer> TakeAnswer(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view header = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (header.ends_with(" missing")) return BatchAnswer{};
  const std::size_t type_at = header.find(' ');
  const std::size_t size_at = header.rfind(' ');
  if (type_at == header.npos || size_at == type_at) return std::nullopt;
  BatchAnswer answer{.type = header.substr(type_at + 1, size_at - type_at - 1)};
  const std::optional<std::uint64_t> size = ParseNumber(header.substr(size_at + 1));
  if (!size || *size >= text.size()) return std::nullopt;
  answer.size = *size;
  answer.content = text.substr(0, *size);
  text.remove_prefix(*size + 1);
  return answer;
}

/// The mode of `name` in a raw tree object; "" if it has no such entry.
std::string_view ModeIn(std::string_view tree, std::string_view name, std::size_t hash_bytes) {
  while (!tree.empty()) {
    const std::size_t space = tree.find(' ');
    const std::size_t end = tree.find('\0');
    if (space == tree.npos || end == tree.npos || space > end || tree.size() - end - 1 < hash_bytes) return "";
    if (tree.substr(space + 1, end - space - 1) == name) return tree.substr(0, space);
    tree.remove_prefix(end + 1 + hash_bytes);
  }
  return "";
}

bool IsPlainPath(const std::string& path) {
  if (path.find('\0') != path.npos || path.find('\n') != path.npos) return false;
  return std::ranges::none_of(Split(path, '/'),
                              [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

Status CheckHash(const std::string& commit, std::string_view doing) {
  if (IsHash(commit)) return {};
  return Fail({.what = std::string(doing), .where = Printable(commit), .why = "it is not a commit's full hash"});
}

/// A file's path that is removed when this goes; git leaves its index there.
class ScratchFile {
 public:
  explicit ScratchFile(fs::path path) : path_(std::move(path)) {}
  ~ScratchFile() {
    unlink(path_.c_str());
    unlink((path_.string() + ".lock").c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
};

}  // namespace

Status MakeBareRepository(const fs::path& folder, const std::string& format) {
  std::error_code ignored;
  if (fs::exists(folder / "HEAD", ignored)) return {};
  for (const char* inner : {"objects/info", "objects/pack", "refs/heads"}) {
    if (Status made = MakeFolders(folder / inner, 0700); !made) return made;
  }
  const std::string config =
      "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tfilemode = true\n\tsymlinks = true\n"
      "\tprotectHFS = true\n\tprotectNTFS = true\n\tlogallrefupdates = false\n\tattributesFile = /dev/null\n"
      "\texcludesFile = /dev/null\n\tautocrlf = false\n[extensions]\n\tobjectformat = " +
      format + "\n";
  if (Status written = WriteFileAtomically(folder / "config", config); !written) return written;
  // HEAD last: it says that the rest is there.
  return WriteFileAtomically(folder / "HEAD", "ref: refs/heads/none\n");
}

Result<Objects> Objects::Open(fs::path folder, fs::path store, const std::string& format, std::string shown) {
  if (const Status made = MakeBareRepository(folder, format); !made) return Fail(made.error());
  return Objects(std::move(folder), std::move(store), std::move(shown));
}

struct Objects::Call : GitCall {
  Call(const Objects& objects, std::string doing_what, std::vector<std::string> arguments) {
    args = std::move(arguments);
    cwd = objects.folder_;
    env = {{"GIT_DIR", objects.folder_.string()}, {"GIT_OBJECT_DIRECTORY", objects.store_.string()}};
    doing = std::move(doing_what);
    where = objects.shown_;
  }
};

Result<std::optional<std::string>> Objects::ReadFile(const std::string& commit, const std::string& path) const {
  const std::string doing = "cannot read " + Printable(path) + " of commit " + commit.substr(0, 10);
  if (const Status checked = CheckHash(commit, doing); !checked) return Fail(checked.error());
  if (!IsPlainPath(path)) return std::nullopt;

  // The trees on the way tell a file from a symbolic link; they and the file come from one run of git.
  Call call(*this, doing, {"cat-file", "--batch"});
  call.input = commit + "^{tree}\n";
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    call.input += commit + ":" + path.substr(0, slash) + "\n";
  }
  Call check = call;
  check.args = {"cat-file", "--batch-check"};
  check.input = commit + ":" + path + "\n";
  call.input += check.input;
  call.output_limit = kTreeLimit + kFileLimit;
  const Result<GitOutput> output = RunGit(call);
  if (!output) {
    // A file so large that the answer was cut is the author's mistake, not git's.
    const Result<GitOutput> size = RunGit(check);
    const std::optional<std::uint64_t> bytes =
        size ? ParseNumber(Trim(std::string_view(size->out).substr(size->out.rfind(' ') + 1))) : std::nullopt;
    if (bytes.value_or(0) <= kFileLimit) return Fail(output.error());
    return Fail({.kind = ErrorKind::kUsage, .what = doing, .why = "it is larger than 1 MiB"});
  }
  std::string_view rest = output->out;
  const std::vector<std::string> parts = Split(path, '/');
  Error error{.kind = ErrorKind::kUnavailable, .what = doing, .where = shown_};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::optional<BatchAnswer> tree = TakeAnswer(rest);
    if (!tree || tree->type != "tree") {
      error.why = i == 0 ? "the repository has no such commit" : "a part of the commit is not there";
      error.hint = "Look again; if it stays so, run `git fsck` there.";
      return Fail(error);
    }
    const std::string_view mode = ModeIn(tree->content, parts[i], commit.size() / 2);
    const bool fits = i + 1 < parts.size() ? mode == "40000" : mode.starts_with("100");
    if (!fits) return std::nullopt;
  }
  const std::optional<BatchAnswer> file = TakeAnswer(rest);
  if (!file || file->type != "blob") {
    error.why = "a part of the commit is not there";
    error.hint = "Run `git fsck` there.";
    return Fail(error);
  }
  if (file->size > kFileLimit) {
    return Fail({.kind = ErrorKind::kUsage, .what = doing, .why = "it is larger than 1 MiB"});
  }
  return std::string(file->content);
}

Result<std::string> Objects::FilesDigest(const std::string& commit, const std::vector<std::string>& globs) const {
  const std::string doing = "cannot list the files of commit " + commit.substr(0, 10);
  if (const Status checked = CheckHash(commit, doing); !checked) return Fail(checked.error());
  const Result<GitOutput> output = RunGit(Call(*this, doing, {"ls-tree", "-r", "-z", "--full-tree", commit}));
  if (!output) return Fail(output.error());
  std::string fitting;  // "mode type hash\tpath\0", in git's order, which depends on the tree only
  std::string_view rest = output->out;
  for (std::size_t end; (end = rest.find('\0')) != rest.npos; rest.remove_prefix(end + 1)) {
    const std::string_view entry = rest.substr(0, end);
    const std::string_view path = entry.substr(std::min(entry.find('\t'), entry.size() - 1) + 1);
    const bool fits = std::ranges::any_of(globs, [&](const std::string& glob) { return GlobMatches(glob, path); });
    if (fits) fitting.append(entry).push_back('\0');
  }
  return Sha256Hex(fitting);
}

Status Objects::CheckOut(const std::string& commit, const fs::path& folder, std::stop_token stop) const {
  const std::string doing = "cannot check out commit " + commit.substr(0, 10);
  if (const Status checked = CheckHash(commit, doing); !checked) return checked;
  static std::atomic<std::uint64_t> next = 0;
  const ScratchFile index(folder_ / ("index-" + std::to_string(getpid()) + "-" + std::to_string(++next)));
  Call call(*this, doing, {"-c", "index.threads=1", "read-tree", "-m", "-u", commit + "^{commit}"});
  call.env["GIT_INDEX_FILE"] = index.path().string();
  call.env["GIT_WORK_TREE"] = ".";
  call.cwd = folder;
  call.timeout = std::chrono::minutes(10);
  const Result<GitOutput> output = RunGit(call, stop);
  if (!output) {
    Error error = output.error();
    // The commit's own fault: no further try will make it better.
    for (const char* fault : {"invalid path", "File name too long"}) {
      if (error.why.find(fault) == error.why.npos) continue;
      error.kind = ErrorKind::kFailed;
      error.hint = "Rename it in the repository, and push again.";
    }
    return Fail(error);
  }
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(folder / ".gitmodules", ignored))) {
    Log(LogLevel::kWarning,
        "commit " + commit.substr(0, 10) + " of " + shown_ + " has submodules; perch leaves their folders empty");
  }
  return {};
}

}  // namespace perch::git
