#include "cli/demo/demo_repository.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cli/demo/files.h"
#include "git/git_program.h"

namespace perch::demo {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// Which changes make a branch: the files `<changes>-1.patch`, `<changes>-2.patch`, ...
struct BranchRecipe {
  DemoBranch branch;
  std::string_view changes;
};

const std::vector<BranchRecipe>& Branches() {
  static const std::vector<BranchRecipe> branches = {
      {{"docs/typo-no-infra", "a change to the README; its name says that it needs no environment", State::kSkipped},
       "typo"},
      {{"feature/dark-checkout", "a dark cart in which a visitor can buy", State::kReady}, "dark-checkout"},
      {{"feature/gift-wrap", "gift wrap for a price, with a migration, in festive colours", State::kReady},
       "gift-wrap"},
      {{"fix/rounding", "a change that its tests do not let through", State::kFailed}, "rounding"},
      {{"main", "the shop as its visitors know it", State::kReady}, ""},
  };
  return branches;
}

/// One commit in the making.
struct Change {
  std::string author_name, author_email, message, diff;
  milliseconds age{0};  ///< before the demo's time
};

/// Reads a file of src/cli/demo/changes: "From: Name <email>", "Age: 3h", "Subject: ...", an empty line, the rest of
/// the message, "---", a diff.
Change ParseChange(std::string_view text) {
  Change change;
  const std::size_t end = text.find("\n---\n");
  change.diff = text.substr(end + 5);
  for (const std::string& line : Split(text.substr(0, end), '\n')) {
    if (line.starts_with("From: ") && change.author_name.empty()) {
      const std::size_t bracket = line.find(" <");
      change.author_name = line.substr(6, bracket - 6);
      change.author_email = line.substr(bracket + 2, line.size() - bracket - 3);
    } else if (line.starts_with("Age: ") && change.age.count() == 0) {
      change.age = milliseconds(ParseDuration(std::string_view(line).substr(5)).value_or(0));
    } else {
      change.message += (line.starts_with("Subject: ") ? line.substr(9) : line) + "\n";
    }
  }
  return change;
}

/// Runs git in the work tree with fixed names and dates; the first failure ends all that follows.
class Writer {
 public:
  Writer(fs::path work_tree, Time time) : work_tree_(std::move(work_tree)), time_(time) {}

  void Git(std::vector<std::string> args, const std::string& input = "") {
    if (!status_) return;
    git::GitCall call;
    call.args = std::move(args);
    call.env = identity_;
    call.cwd = work_tree_;
    call.input = input;
    call.doing = "cannot make the sample repository";
    call.where = work_tree_.string();
    if (const Result<git::GitOutput> output = git::RunGit(call); !output) status_ = Fail(output.error());
  }

  void Commit(const Change& change) {
    const auto at = std::chrono::duration_cast<std::chrono::seconds>((time_ - change.age).time_since_epoch());
    const std::string date = "@" + std::to_string(at.count()) + " +0000";
    for (const std::string who : {"GIT_AUTHOR_", "GIT_COMMITTER_"}) {
      identity_[who + "NAME"] = change.author_name;
      identity_[who + "EMAIL"] = change.author_email;
      identity_[who + "DATE"] = date;
    }
    Git({"commit", "--quiet", "--file=-"}, change.message);
  }

  void WriteFile(const EmbeddedFile& file) {
    if (status_) status_ = MakeFolders((work_tree_ / file.path).parent_path());
    // Without the care of WriteFileAtomically: a crash leaves a sample that is simply made again.
    std::ofstream(work_tree_ / file.path, std::ios::binary) << file.content;
  }

  const Status& status() const { return status_; }

 private:
  const fs::path work_tree_;
  const Time time_;
  std::map<std::string, std::string> identity_;
  Status status_;
};

void WriteMain(Writer& writer) {
  const Change open{.author_name = "Amara Okafor",
                    .author_email = "amara@finch-and-fern.example",
                    .message = "Open the shop\n\nTwelve products, a cart, and a photo of the day.\n",
                    .age = std::chrono::hours(24 * 9)};
  const Change perch{.author_name = "Bj\xc3\xb6rn Lindqvist",
                     .author_email = "bjorn@finch-and-fern.example",
                     .message = "Give every branch a place\n",
                     .age = std::chrono::hours(24 * 6)};
  for (const EmbeddedFile& file : ShopFiles()) writer.WriteFile(file);
  writer.Git({"add", "--all", "--", ":(exclude)perch.yaml"});
  writer.Commit(open);
  writer.Git({"add", "--all"});
  writer.Commit(perch);
}

void WriteBranch(Writer& writer, const BranchRecipe& recipe) {
  writer.Git({"checkout", "--quiet", "-b", recipe.branch.name, "main"});
  for (int number = 1;; ++number) {
    const std::string path = std::string(recipe.changes) + "-" + std::to_string(number) + ".patch";
    const auto file = std::ranges::find(ChangeFiles(), path, &EmbeddedFile::path);
    if (file == ChangeFiles().end()) return;
    const Change change = ParseChange(file->content);
    writer.Git({"apply", "--index", "--whitespace=nowarn", "-"}, change.diff);
    writer.Commit(change);
  }
}

std::string ShellQuote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::vector<DemoRecipe> Recipes() {
  return {
      {.title = "Push a change",
       .command =
           "git switch -q feature/gift-wrap && sed -i 's/hand-printed paper/paper with wrens on it/' shop/pages.py && "
           "git commit -qam 'Wrens on the paper' && git push -q",
       .expect = "The link of feature/gift-wrap shows the new ribbon in about a second."},
      {.title = "Push a mistake",
       .command = "git switch -q feature/dark-checkout && sed -i 's/BUNDLE_PERCENT = 10/BUNDLE_PERCENT = 15/' "
                  "shop/money.py && "
                  "git commit -qam 'A bigger discount' && git push -q",
       .expect = "Its tests fail, the dashboard says why, and the link goes on showing the last good release."},
      {.title = "Begin a branch",
       .command = "git switch -qc feature/yours main && sed -i 's/Good things for gardens/Lovely things for gardens/' "
                  "shop/pages.py && git commit -qam 'A warmer welcome' && git push -q -u origin feature/yours",
       .expect = "A new link appears, with a database of its own."},
      {.title = "Delete a branch",
       .command = "git push -q origin --delete feature/dark-checkout",
       .expect = "Its environment goes, with its database and its link."},
  };
}

DemoRepository Describe(const fs::path& folder) {
  DemoRepository demo{.bare = folder / "shop.git", .work_tree = folder / "shop", .recipes = Recipes()};
  demo.enter = "cd " + ShellQuote(demo.work_tree.string());
  for (const BranchRecipe& recipe : Branches()) demo.branches.push_back(recipe.branch);
  return demo;
}

}  // namespace

Result<DemoRepository> MakeDemoRepository(const fs::path& folder, Time time) {
  std::error_code error;
  DemoRepository demo = Describe(fs::absolute(folder, error));
  for (const fs::path& path : {demo.bare, demo.work_tree}) {
    if (fs::exists(fs::symlink_status(path, error))) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "cannot make the sample repository",
                   .where = path.string(),
                   .why = "something is there already",
                   .hint = "Delete it, or give another folder."});
    }
    if (const Status made = MakeFolders(path); !made) return Fail(made.error());
  }
  Writer writer(demo.work_tree, time);
  writer.Git({"init", "--quiet", "--initial-branch=main", "--template="});
  WriteMain(writer);
  for (const BranchRecipe& recipe : Branches()) {
    if (!recipe.changes.empty()) WriteBranch(writer, recipe);
  }
  writer.Git({"checkout", "--quiet", "main"});
  writer.Git({"init", "--quiet", "--bare", "--initial-branch=main", "--template=", demo.bare.string()});
  writer.Git({"remote", "add", "origin", demo.bare.string()});
  writer.Git({"push", "--quiet", "--set-upstream", "origin", "--all"});
  // A person may have no name set; and their signing key and line ends have nothing to do with this.
  for (const auto& [name, value] :
       {std::pair{"user.name", "You"}, std::pair{"user.email", "you@finch-and-fern.example"},
        std::pair{"commit.gpgSign", "false"}, std::pair{"core.autocrlf", "false"}, std::pair{"push.default", "simple"},
        std::pair{"core.hooksPath", "/dev/null"}}) {
    writer.Git({"config", name, value});
  }
  if (!writer.status()) return Fail(writer.status().error());
  return demo;
}

Result<DemoRepository> FindDemoRepository(const fs::path& folder) {
  std::error_code error;
  DemoRepository demo = Describe(fs::absolute(folder, error));
  if (fs::exists(demo.bare / "HEAD", error) && fs::exists(demo.work_tree / ".git/HEAD", error)) return demo;
  return Fail({.kind = ErrorKind::kNotFound, .what = "there is no sample repository", .where = folder.string()});
}

}  // namespace perch::demo
