#include "git/mirror.h"

#include <utility>

#include "base/log.h"
#include "git/git_program.h"
#include "git/objects.h"

namespace perch::git {

/// Waits until no other fetch runs; gives the turn back when destroyed.
class Mirror::Turn {
 public:
  Turn(Mirror& mirror, std::stop_token stop) : mirror_(mirror) {
    std::unique_lock lock(mirror.mutex_);
    held_ = mirror.turn_.wait(lock, stop, [&] { return !mirror.busy_; });
    if (held_) mirror.busy_ = true;
  }
  ~Turn() {
    if (!held_) return;
    const std::scoped_lock lock(mirror_.mutex_);
    mirror_.busy_ = false;
    mirror_.turn_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool held() const { return held_; }

 private:
  Mirror& mirror_;
  bool held_ = false;
};

namespace {

constexpr int kFetchesBetweenTidying = 500;

std::unexpected<Error> Stopped(const Location& location) {
  return Fail(
      {.kind = ErrorKind::kCancelled, .what = "cannot fetch", .where = location.shown, .why = "it was stopped"});
}

}  // namespace

Result<RemoteRefs> Mirror::Ask(const std::vector<std::string>& patterns, std::stop_token stop) const {
  GitCall call;
  call.args = {"ls-remote", "--symref", "--quiet", "--", location_.url};
  call.args.insert(call.args.end(), patterns.begin(), patterns.end());
  call.configuration = Configuration::kUsers;
  call.cwd = "/";  // a repository around perch's own folder must not lend its configuration
  call.timeout = options_.list_timeout;
  call.doing = "cannot list the branches";
  call.where = location_.shown;
  call.given = location_.url;
  const Result<GitOutput> output = RunGit(call, stop);
  if (!output) return Fail(output.error());
  Result<RemoteRefs> refs = ParseRemoteRefs(output->out);
  if (!refs) refs.error().where = location_.shown;
  return refs;
}

Result<RemoteRefs> Mirror::Ask(std::stop_token stop) const { return Ask({"HEAD", "refs/heads/*"}, stop); }

Status Mirror::Fetch(const std::vector<std::string>& refspecs, bool prune, std::stop_token stop) {
  GitCall call;
  call.args = {"--git-dir=" + folder_.string(),
               "-c",
               "http.lowSpeedLimit=1000",
               "-c",
               "http.lowSpeedTime=30",
               "-c",
               "fetch.writeCommitGraph=false",
               "-c",
               "fetch.unpackLimit=100",
               "fetch",
               "--quiet",
               "--no-tags",
               "--no-write-fetch-head",
               "--no-recurse-submodules",
               "--no-auto-maintenance",
               "--force"};
  if (prune) call.args.push_back("--prune");
  call.args.insert(call.args.end(), {"--", location_.url});
  call.args.insert(call.args.end(), refspecs.begin(), refspecs.end());
  call.configuration = Configuration::kUsers;
  call.cwd = folder_;
  call.timeout = options_.fetch_timeout;
  call.doing = "cannot fetch";
  call.where = location_.shown;
  call.given = location_.url;
  const Result<GitOutput> output = RunGit(call, stop);
  if (!output) return Fail(output.error());
  if (fetches_++ % kFetchesBetweenTidying == 0) TidyUp(stop);
  return {};
}

void Mirror::TidyUp(std::stop_token stop) {
  GitCall call;
  call.args = {"--git-dir=" + folder_.string(), "-c", "gc.auto=2000", "-c",
               "gc.autoDetach=false",           "gc", "--auto",       "--quiet"};
  call.cwd = folder_;
  call.timeout = options_.fetch_timeout;
  call.doing = "cannot tidy up perch's copy";
  call.where = location_.shown;
  if (const Result<GitOutput> output = RunGit(call, stop); !output) {
    Log(LogLevel::kWarning, output.error().what + ": " + output.error().why);
  }
}

Result<RemoteRefs> Mirror::FetchAll(std::stop_token stop) {
  const Turn turn(*this, stop);
  if (!turn.held()) return Stopped(location_);
  Result<RemoteRefs> remote = Ask(stop);
  if (!remote) return remote;
  if (remote->heads.empty()) {
    return Fail({.kind = ErrorKind::kUnavailable,
                 .what = "cannot list the branches",
                 .where = location_.shown,
                 .why = "the repository has no branch",
                 .hint = "Push a first commit."});
  }
  const std::string format = remote->heads.begin()->second.size() == 64 ? "sha256" : "sha1";
  if (const Status made = MakeBareRepository(folder_, format); !made) return Fail(made.error());
  const Result<std::vector<Branch>> here = ReadBranches(refs(), stop);
  if (here) {
    std::map<std::string, std::string> heads;
    for (const Branch& branch : *here) heads.emplace(branch.name, branch.commit);
    if (heads == remote->heads) return remote;
  } else if (here.error().kind == ErrorKind::kCancelled) {
    return Fail(here.error());
  }
  if (const Status fetched = Fetch({"+refs/heads/*:refs/heads/*"}, true, stop); !fetched) return Fail(fetched.error());
  return remote;
}

Result<bool> Mirror::FetchOne(const std::string& name, std::stop_token stop) {
  const Turn turn(*this, stop);
  if (!turn.held()) return Stopped(location_);
  const std::string ref = "refs/heads/" + name;
  const Result<RemoteRefs> remote = Ask({ref}, stop);
  if (!remote) return Fail(remote.error());
  const auto found = remote->heads.find(name);
  if (found == remote->heads.end()) return false;
  if (const Status made = MakeBareRepository(folder_, found->second.size() == 64 ? "sha256" : "sha1"); !made) {
    return Fail(made.error());
  }
  const Result<std::optional<Branch>> here = ReadBranch(refs(), name, stop);
  if (here && *here && (*here)->commit == found->second) return true;
  const Status fetched = Fetch({"+" + ref + ":" + ref}, false, stop);
  if (fetched) return true;
  if (fetched.error().kind == ErrorKind::kCancelled) return Fail(fetched.error());
  // A branch "a" that is gone by now stands in the way of "a/b"; a fetch of all takes it away.
  const Status all = Fetch({"+refs/heads/*:refs/heads/*"}, true, stop);
  if (!all) return Fail(fetched.error());
  return true;
}

}  // namespace perch::git
