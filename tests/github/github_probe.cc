// github_probe API OWNER/REPO COMMAND ...: asks as perch does, through the real transport; the token is GITHUB_TOKEN's.
//   list N | find NAME | read COMMIT PATH | digest COMMIT GLOB | status COMMIT STATE URL TEXT
// Prints a value or an error's text; exit code 0 or 1.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "git/github.h"
#include "git/github_status.h"

namespace perch {
namespace {

int Say(const Error& error) {
  std::cout << error.Text() << "\n";
  return 1;
}

void Print(const Branch& branch) {
  std::cout << branch.name << " " << branch.commit << " [" << branch.tree << "] [" << branch.subject << "] ["
            << branch.author << "] " << FormatTime(branch.committed_at) << "\n";
}

int List(git::GitHub& github, int times) {
  for (int i = 0; i < times; ++i) {
    const Result<BranchList> list = github.List({});
    if (!list) return Say(list.error());
    std::cout << list->branches.size() << " branches, default " << list->default_branch << "\n";
    if (i == 0) {
      for (const Branch& branch : list->branches) std::cout << branch.commit << " " << branch.name << "\n";
    }
  }
  return 0;
}

int Find(git::GitHub& github, const std::string& name) {
  const Result<std::optional<Branch>> branch = github.Find(name, {});
  if (!branch) return Say(branch.error());
  if (*branch) {
    Print(**branch);
  } else {
    std::cout << "not there\n";
  }
  return 0;
}

int SetStatus(git::GitHub& github, const std::vector<std::string>& words) {
  using State = git::CommitStatus::State;
  const State state = words[1] == "success"   ? State::kSuccess
                      : words[1] == "failure" ? State::kFailure
                      : words[1] == "error"   ? State::kError
                                              : State::kPending;
  const Status set = SetCommitStatus(
      github.client(),
      {.commit = words[0], .state = state, .url = words[2], .description = words[3], .context = "perch/shop"}, {});
  if (!set) return Say(set.error());
  std::cout << "set\n";
  return 0;
}

int Run(git::GitHub& github, const std::string& command, const std::vector<std::string>& words) {
  if (command == "list" && words.size() == 1) return List(github, std::stoi(words[0]));
  if (command == "find" && words.size() == 1) return Find(github, words[0]);
  if (command == "status" && words.size() == 4) return SetStatus(github, words);
  if (command == "read" && words.size() == 2) {
    const Result<std::optional<std::string>> file = github.ReadFile(words[0], words[1]);
    if (!file) return Say(file.error());
    std::cout << (*file ? "'" + **file + "'" : "not there") << "\n";
    return 0;
  }
  if (command == "digest" && words.size() == 2) {
    const Result<std::string> digest = github.FilesDigest(words[0], {words[1]});
    if (!digest) return Say(digest.error());
    std::cout << *digest << "\n";
    return 0;
  }
  std::cerr << "github_probe: what is " << command << "?\n";
  return 2;
}

}  // namespace
}  // namespace perch

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) return 2;
  const char* token = std::getenv("GITHUB_TOKEN");
  const std::unique_ptr<perch::net::Transport> transport = perch::net::MakeTransport();
  const auto clock = [] {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
  const auto github = perch::git::GitHub::Open({.repository = words[1],
                                                .api_url = words[0],
                                                .token = perch::Secret(token ? token : ""),
                                                .clock = clock,
                                                .random = [] { return 0.5; }},
                                               *transport);
  if (!github) return perch::Say(github.error());
  return perch::Run(**github, words[2], {words.begin() + 3, words.end()});
}
