#include <sys/stat.h>

#include <filesystem>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "local/copy_data.h"
#include "local/deployment.h"
#include "local/proc.h"
#include "local/tree.h"

/// The data of an attempt: made fresh, copied before a migration, or used as they are.
namespace perch::local {

Result<Guest> Deployment::ReleaseGuest() {
  const Record record = platform_.Read(slot_);
  if (InContainers()) {
    Guest inner = platform_.MakeContainerGuest(settings_, record, request_.branch.commit, true);
    if (const Status shown = platform_.ShowData(inner, record, data_); !shown) return Fail(shown.error());
    return inner;
  }
  Guest guest = platform_.MakeGuest(settings_, record, request_.branch.commit, true);
  const std::filesystem::path tree = platform_.layout.Release(release_) / "tree";
  const std::filesystem::path data = platform_.layout.Data(slug_, data_), bucket = platform_.layout.Bucket(slug_);
  if (!guest.sandboxed) {
    guest.cwd = tree;
    guest.env["DATABASE_URL"] = "sqlite:///" + (data / "app.db").string();
    guest.env["BUCKET_DIR"] = bucket;
    return guest;
  }
  guest.cwd = kGuestApp;
  guest.binds.push_back({data, kGuestData, true});
  guest.binds.push_back({bucket, std::string(kGuestData) + "/bucket", true});
  guest.binds.push_back({tree, kGuestApp, false});
  return guest;
}

Status Deployment::PrepareData() {
  const Record record = platform_.Read(slot_);
  if (record.data == 0 || request_.fresh_data) return FreshData();
  if (settings_.release.empty()) {
    data_ = record.data;
    return {};
  }
  // The migration works on a copy, so that a failing one never harms what serves.
  data_ = generation_;
  return RunStage(Stage::kRelease, State::kStarting, [&](LogWriter& log) -> Status {
    Status made = CopyData(record.data);
    if (made) made = RunStep(settings_.release, ReleaseGuest(), settings_.limits.seed_timeout, log);
    if (!made && made.error().what.empty()) made.error().what = "the release step failed";
    return made;
  });
}

Result<std::string> Deployment::SeedKey() {
  std::string files = request_.branch.tree;
  if (!settings_.seed_files.empty()) {
    Result<std::string> digest = platform_.branches.FilesDigest(request_.branch.commit, settings_.seed_files);
    if (!digest) return Fail(digest.error());
    files = *std::move(digest);
  }
  std::string text = files;
  for (const Command* command : {&settings_.seed, &settings_.release}) {
    text += '\n';
    for (const std::string& word : command->argv) text += word + '\0';
  }
  return Sha256Hex(text).substr(0, 32);
}

Status Deployment::FreshData() {
  data_ = generation_;
  const Record record = platform_.Read(slot_);
  const std::filesystem::path data = platform_.layout.Data(slug_, data_), bucket = platform_.layout.Bucket(slug_);
  // A fresh database comes with a fresh bucket; a seed that failed may have left half of one.
  Status made = RemoveTree(data);
  if (made) made = RemoveTree(bucket);
  if (made) made = MakeFolders(data, 0700);
  if (made) made = MakeFolders(data / "bucket", 0700);  // where the bucket is shown
  if (made) made = MakeFolders(bucket, 0700);
  if (!made) return made;
  const auto release_step = [&]() -> Status {
    if (settings_.release.empty()) return {};
    return RunStage(Stage::kRelease, State::kStarting, [&](LogWriter& log) -> Status {
      Status ran = RunStep(settings_.release, ReleaseGuest(), settings_.limits.seed_timeout, log);
      if (!ran && ran.error().what.empty()) ran.error().what = "the release step failed";
      return ran;
    });
  };
  const auto give = [&]() -> Status {
    Status given = GiveTree(data, record.uid);
    if (given) given = GiveTree(bucket, record.uid);
    return given;
  };
  if (settings_.seed.empty()) {
    made = give();
    return made ? release_step() : made;
  }
  const Result<std::string> key = SeedKey();
  if (!key) return Fail(key.error());
  const KeyLocks::Lock lock = platform_.seeds.Take(*key, stop_);
  if (!lock) return Fail(Cancelled());
  const std::filesystem::path seed = platform_.layout.Seed(*key);
  if (IsSealed(seed)) {
    made = CopyTree(seed / "data", data, record.uid);
    if (made) made = CopyTree(seed / "bucket", bucket, record.uid);
    if (made) made = give();
    if (made) made = release_step();
    if (made) Skipped(Stage::kSeed, "copied from a database that was seeded before");
    return made;
  }
  made = give();
  if (made) made = release_step();
  if (!made) return made;
  return RunStage(Stage::kSeed, State::kStarting, [&](LogWriter& log) -> Status {
    Status ran = RunStep(settings_.seed, ReleaseGuest(), settings_.limits.seed_timeout, log);
    if (!ran && ran.error().what.empty()) ran.error().what = "the seed command failed";
    if (ran) ran = SaveSeed(seed);
    return ran;
  });
}

Status Deployment::SaveSeed(const std::filesystem::path& seed) {
  const std::filesystem::path temporary = seed.string() + ".tmp-" + slug_ + "-" + std::to_string(generation_);
  Status made = RemoveTree(temporary);
  for (const std::filesystem::path& folder : {temporary, temporary / "data", temporary / "bucket"}) {
    if (made) made = MakeFolders(folder, 0700);
  }
  if (made) made = CopyTree(platform_.layout.Data(slug_, data_), temporary / "data", 0);
  if (made) made = CopyTree(platform_.layout.Bucket(slug_), temporary / "bucket", 0);
  if (made) made = RemoveTree(temporary / "data" / "bucket");
  if (made) made = WriteFileAtomically(temporary / "sealed", BootId() + "\n", 0600);
  if (made) made = RemoveTree(seed);
  if (made && rename(temporary.c_str(), seed.c_str()) != 0) {
    made = Fail(DiskError("cannot keep the seeded database", seed, errno));
  }
  if (made) MakeDurable(seed);
  if (!made) {
    [[maybe_unused]] const Status removed = RemoveTree(temporary);
  }
  return made;
}

Status Deployment::CopyData(std::uint64_t from) {
  const Record record = platform_.Read(slot_);
  const std::filesystem::path source = platform_.layout.Data(slug_, from), target = platform_.layout.Data(slug_, data_);
  Status made = RemoveTree(target);
  if (made) made = MakeFolders(target, 0700);
  if (made) made = MakeFolders(target / "bucket", 0700);
  if (made) made = GiveTree(target, record.uid);
  if (!made) return made;
  // The files are the guest's and may be hostile, the database may be written to right now: so it is copied by SQLite,
  // in a sandbox, as the guest.
  const bool sandboxed = !platform_.options.trust_branches;
  Guest guest{.sandboxed = sandboxed,
              .uid = sandboxed ? record.uid : 0,
              .env = {{"PATH", "/usr/bin:/bin"}},
              .limits = settings_.limits};
  std::error_code error;
  const std::string program = std::filesystem::canonical(platform_.options.self_exe, error);
  if (guest.sandboxed) {
    guest.cwd = "/";
    guest.binds = {{source, "/from", true}, {target, "/to", true}, {program, "/run/perch", false}};
    guest.argv = {"/run/perch", kKeeperCommand, kCopyDataCommand, "/from", "/to"};
  } else {
    guest.cwd = "/";
    guest.argv = {program, kKeeperCommand, kCopyDataCommand, source, target};
  }
  // This is perch's own program with SQLite's own needs: the app's limit is no measure for it.
  guest.limits.memory = -1;
  LogWriter log = OpenLog(Stage::kRelease);
  Status copied = RunCommand({.argv = guest.argv}, guest, settings_.limits.seed_timeout, log);
  // Without a sandbox the copy is perch's own; a container is not.
  if (copied && InContainers()) copied = GiveTree(target, record.uid);
  if (!copied && copied.error().what.empty())
    copied.error().what = "the database could not be copied for the release step";
  return copied;
}

}  // namespace perch::local
