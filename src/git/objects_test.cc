#include "git/objects.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

class ObjectsTest : public testing::Test {
 protected:
  std::unique_ptr<Repository> OpenRepository() {
    return Open({.location = repository_.string(), .folder = folder_.path() / "state"});
  }
  /// Checks HEAD out into a new folder.
  Status CheckOut() {
    fs::create_directories(out_);
    return OpenRepository()->CheckOut(Head(repository_), out_, {});
  }
  std::string Content(const fs::path& path) { return perch::ReadFile(path).value_or("(absent)"); }

  TemporaryFolder folder_;
  const fs::path repository_ = folder_.path() / "shop";
  const fs::path out_ = folder_.path() / "out";
};

TEST_F(ObjectsTest, ReadsAFileOfACommit) {
  MakeRepository(repository_, {{"perch.yaml", "app: shop\n"}, {"deep/er/a", std::string("\0\n\xff", 3)}});
  const std::string commit = Head(repository_);
  const auto repository = OpenRepository();
  EXPECT_EQ(repository->ReadFile(commit, "perch.yaml").value(), "app: shop\n");
  EXPECT_EQ(repository->ReadFile(commit, "deep/er/a").value(), std::string("\0\n\xff", 3));
  for (const std::string path : {"absent", "deep", "deep/er", "deep/absent/a", "perch.yaml/x", "/perch.yaml",
                                 "./perch.yaml", "deep/../perch.yaml", "", "perch.yaml\nHEAD", "deep//er/a"}) {
    EXPECT_EQ(repository->ReadFile(commit, path).value(), std::nullopt) << path;
  }
}

TEST_F(ObjectsTest, ASymbolicLinkIsNoFile) {
  fs::create_directories(repository_);
  fs::create_symlink("/etc/passwd", repository_ / "perch.yaml");
  fs::create_symlink("/etc", repository_ / "etc");
  MakeRepository(repository_);
  EXPECT_EQ(OpenRepository()->ReadFile(Head(repository_), "perch.yaml").value(), std::nullopt);
  EXPECT_EQ(OpenRepository()->ReadFile(Head(repository_), "etc/passwd").value(), std::nullopt);
}

TEST_F(ObjectsTest, RefusesAFileOverOneMebibyte) {
  MakeRepository(repository_, {{"fits", std::string(1 << 20, 'x')},
                               {"big", std::string((1 << 20) + 1, 'x')},
                               {"huge", std::string(20 << 20, 'x')}});
  const auto repository = OpenRepository();
  EXPECT_EQ(repository->ReadFile(Head(repository_), "fits").value()->size(), 1u << 20);
  for (const std::string path : {"big", "huge"}) {
    const Result<std::optional<std::string>> file = repository->ReadFile(Head(repository_), path);
    ASSERT_FALSE(file.has_value()) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(file.error().why, "it is larger than 1 MiB");
  }
}

TEST_F(ObjectsTest, AMissingCommitIsAnErrorAndNotAMissingFile) {
  MakeRepository(repository_);
  const auto repository = OpenRepository();
  const Result<std::optional<std::string>> file = repository->ReadFile(std::string(40, '1'), "a.txt");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(file.error().why, "the repository has no such commit");
  EXPECT_EQ(repository->ReadFile("HEAD", "a.txt").error().why, "it is not a commit's full hash");
  EXPECT_EQ(repository->ReadFile("--help", "a.txt").error().why, "it is not a commit's full hash");
  fs::create_directories(out_);
  EXPECT_FALSE(repository->CheckOut(std::string(40, '1'), out_, {}).has_value());
  EXPECT_TRUE(fs::is_empty(out_));
}

TEST_F(ObjectsTest, ADigestChangesOnlyWithTheFilesThatFit) {
  MakeRepository(repository_, {{"seed.py", "1"}, {"data/a.csv", "2"}, {"app.py", "3"}});
  const auto repository = OpenRepository();
  const auto digest = [&] { return repository->FilesDigest(Head(repository_), {"seed.py", "data/*"}).value(); };
  const auto change = [&](const std::string& path, const std::string& content) {
    fs::remove(repository_ / path);
    if (!content.empty()) ASSERT_TRUE(WriteFileAtomically(repository_ / path, content).has_value());
    Git(repository_, {"add", "--all"});
    Git(repository_, {"commit", "--quiet", "--message=change"});
  };
  const std::string first = digest();
  EXPECT_EQ(first.size(), 64u);
  change("app.py", "4");
  EXPECT_EQ(digest(), first);
  change("data/b.csv", "2");
  EXPECT_NE(digest(), first);
  change("data/b.csv", "");
  EXPECT_EQ(digest(), first);
}

TEST_F(ObjectsTest, ChecksOutEveryFileAsItIs) {
  MakeRepository(repository_,
                 {{"a.txt", "a\n"}, {"dir/größe 🦜", "b"}, {"run.sh", "#!/bin/sh\n"}, {"crlf", "a\r\nb\n"}});
  fs::permissions(repository_ / "run.sh", fs::perms(0755));
  Git(repository_, {"commit", "--quiet", "--all", "--message=executable"});
  const Status done = CheckOut();
  ASSERT_TRUE(done.has_value()) << done.error().Text();
  EXPECT_EQ(Content(out_ / "a.txt"), "a\n");
  EXPECT_EQ(Content(out_ / "dir/größe 🦜"), "b");
  EXPECT_EQ(Content(out_ / "crlf"), "a\r\nb\n");
  EXPECT_NE(fs::status(out_ / "run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_FALSE(fs::exists(out_ / ".git"));
  EXPECT_EQ(std::distance(fs::directory_iterator(out_), {}), 4);
  for (const auto& left : fs::directory_iterator(folder_.path() / "state/reader-sha1.git")) {
    EXPECT_FALSE(left.path().filename().string().starts_with("index")) << "git's index stays behind";
  }
}

TEST_F(ObjectsTest, RunsNoFilterAndNoHookOfTheRepository) {
  MakeRepository(repository_,
                 {{".gitattributes", "* filter=evil\n*.id export-subst\n"}, {"a.txt", "a\n"}, {"v.id", "$Format:%H$"}});
  const fs::path witness = folder_.path() / "witness";
  Git(repository_, {"config", "filter.evil.smudge", "touch " + witness.string()});
  Git(repository_, {"config", "filter.evil.required", "true"});
  Git(repository_, {"config", "core.fsmonitor", "touch " + witness.string()});
  fs::create_directories(repository_ / ".git/hooks");
  for (const char* hook : {"post-checkout", "post-index-change"}) {
    ASSERT_TRUE(WriteFileAtomically(repository_ / ".git/hooks" / hook, "#!/bin/sh\ntouch " + witness.string(), 0755)
                    .has_value());
  }
  const Status done = CheckOut();
  ASSERT_TRUE(done.has_value()) << done.error().Text();
  EXPECT_EQ(Content(out_ / "a.txt"), "a\n");
  EXPECT_EQ(Content(out_ / "v.id"), "$Format:%H$");
  EXPECT_FALSE(fs::exists(witness));
}

TEST_F(ObjectsTest, WritesLinksAsLinksAndNeverThroughThem) {
  MakeRepository(repository_);
  const fs::path outside = folder_.path() / "outside";
  fs::create_directories(outside);
  // A commit that has both a link "d" and a file "d/x" cannot be made by honest means.
  const std::string blob = Git(repository_, {"hash-object", "-w", "--stdin"}, "pwned");
  const std::string link = Git(repository_, {"hash-object", "-w", "--stdin"}, outside.string());
  const std::string inner = Git(repository_, {"mktree"}, "100644 blob " + blob + "\tx\n");
  const std::string honest = Git(repository_, {"mktree"}, "120000 blob " + link + "\td\n");
  const std::string evil = Git(repository_, {"mktree"}, "120000 blob " + link + "\td\n040000 tree " + inner + "\td\n");
  const auto repository = OpenRepository();
  fs::create_directories(out_);
  const std::string commit = Git(repository_, {"commit-tree", "-m", "honest", honest});
  ASSERT_TRUE(repository->CheckOut(commit, out_, {}).has_value());
  EXPECT_EQ(fs::read_symlink(out_ / "d"), outside);
  fs::create_directories(out_ / "2");
  (void)repository->CheckOut(Git(repository_, {"commit-tree", "-m", "evil", evil}), out_ / "2", {});
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(ObjectsTest, RefusesATreeThatWouldWriteOutsideOrIntoDotGit) {
  MakeRepository(repository_);
  const std::string blob = Git(repository_, {"hash-object", "-w", "--stdin"}, "pwned");
  const auto repository = OpenRepository();
  for (const std::string name : {"..", ".git", ".GIT", "."}) {
    std::string raw = "100644 " + name + std::string(1, '\0');
    for (std::size_t i = 0; i < blob.size(); i += 2) raw.push_back(char(std::stoi(blob.substr(i, 2), nullptr, 16)));
    const std::string tree = Git(repository_, {"hash-object", "-t", "tree", "-w", "--stdin", "--literally"}, raw);
    const std::string outer = Git(repository_, {"mktree"}, "040000 tree " + tree + "\tdir\n");
    fs::create_directories(out_);
    const Status done = repository->CheckOut(Git(repository_, {"commit-tree", "-m", "evil", outer}), out_, {});
    ASSERT_FALSE(done.has_value()) << name;
    EXPECT_EQ(done.error().kind, ErrorKind::kFailed) << "the author's fault is not tried again";
    EXPECT_FALSE(fs::exists(out_ / "dir/.git")) << name;
  }
}

TEST_F(ObjectsTest, LeavesSubmodulesEmpty) {
  MakeRepository(repository_);
  Git(repository_, {"update-index", "--add", "--cacheinfo", "160000," + std::string(40, '1') + ",lib"});
  Git(repository_, {"commit", "--quiet", "--message=submodule"});
  const Status done = CheckOut();
  ASSERT_TRUE(done.has_value()) << done.error().Text();
  EXPECT_TRUE(fs::is_empty(out_ / "lib"));
}

TEST_F(ObjectsTest, ReadsARepositoryOfLongHashes) {
  fs::create_directories(repository_);
  Git(repository_, {"init", "--quiet", "--initial-branch=main", "--object-format=sha256"});
  ASSERT_TRUE(WriteFileAtomically(repository_ / "a.txt", "long\n").has_value());
  Git(repository_, {"add", "."});
  Git(repository_, {"commit", "--quiet", "--message=first"});
  const Status done = CheckOut();
  ASSERT_TRUE(done.has_value()) << done.error().Text();
  EXPECT_EQ(Content(out_ / "a.txt"), "long\n");
  EXPECT_EQ(OpenRepository()->ReadFile(Head(repository_), "a.txt").value(), "long\n");
  EXPECT_EQ(OpenRepository()->List({})->branches.front().commit.size(), 64u);
}

}  // namespace
}  // namespace perch::git
