#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "local/wire.h"
#include "model/settings.h"

namespace perch::local {

/// A file or folder of this machine that a guest sees.
struct Bind {
  std::string source;  ///< absolute, of perch's or the operator's choosing: no part of it is in a guest's hand
  std::string target;  ///< where the guest sees it
  bool writable = false;
};

/// One run of a guest's program: what it is, what it sees, what it may use.
struct Guest {
  bool sandboxed = true;  ///< false: --trust-branches; then binds are not made and `cwd` is a path of this machine
  uid_t uid = 0;          ///< its own user; 0: perch's
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< all of it
  std::vector<Bind> binds;
  std::string cwd;
  bool scratch_data = false;  ///< an empty /data in memory instead of the environment's
  bool own_session = true;    ///< false for a person at a terminal (`perch exec`)
  Limits limits;
  std::string env_file;  ///< without a sandbox: what the program reads from kEnvFilePath

  void Pack(Packer& packer) const;
  static Guest Unpack(Unpacker& unpacker);
};

/// A Guest made ready so that a forked child can become it with async-signal-safe calls only. bubblewrap sets up the
/// mounts, the namespaces and the environment, as the guest's own user: nothing of the guest runs outside. When perch
/// is root, the folders are first mounted in a mount namespace of the child at a place which that user can reach, since
/// perch's state is closed to it (0700).
class Launch {
 public:
  explicit Launch(const Guest& guest);

  /// What to execute: bubblewrap, or the program itself without a sandbox. argv[0] is an absolute path or looked up in
  /// the guest's PATH.
  const std::vector<std::string>& argv() const { return argv_; }
  /// The environment of what is executed; the sandboxed guest gets its own from bubblewrap.
  const std::map<std::string, std::string>& env() const { return env_; }
  const std::string& cwd() const { return cwd_; }

  /// In the child, between fork and exec. Sets limits, mounts, the user, and the death signal: the child dies with the
  /// thread that forked it, `parent` being its process. Leaves descriptors 9 to 12 open. On failure it writes a
  /// sentence to standard error and exits with 126.
  void PrepareChild(pid_t parent) const noexcept;

 private:
  struct Stage {
    std::string source, place;
    bool is_folder;
  };
  Guest guest_;
  std::vector<std::string> argv_;
  std::map<std::string, std::string> env_;
  std::string cwd_;
  std::vector<Stage> stages_;
  std::string options_;  // for bwrap --args, each ended by NUL
  std::string passwd_, group_;
};

/// Where a guest sees things.
inline constexpr const char* kGuestApp = "/app";
inline constexpr const char* kGuestData = "/data";
inline constexpr const char* kGuestHome = "/home/guest";

/// Where a program without a sandbox finds Guest::env_file: in memory, its own only.
inline constexpr const char* kEnvFilePath = "/dev/fd/9";

/// Whether sandboxes can be made here: runs one. The error says why not and what to do. `uid` as in Guest.
Status SandboxWorks(uid_t uid);

/// What limits a guest's memory here, for `perch doctor`.
std::string MemoryLimitKind();

/// The first user number that this state folder may give to its environments; 1000 follow. From the range 1879048192 to
/// 2147352575, which systemd's UIDS-GIDS.md lists as unused.
uid_t FirstGuestUid(const std::string& state_folder);

}  // namespace perch::local
