#include "local/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "base/digest.h"
#include "base/process.h"
#include "base/text.h"

namespace perch::local {
namespace {

constexpr const char* kBubblewrap = "/usr/bin/bwrap";
constexpr const char* kStagingPlace = "/mnt";  // covered by a tmpfs in the child's own mount namespace only
constexpr int kOptionsFd = 9, kPasswdFd = 10, kGroupFd = 11, kFilterFd = 12;

// What of /etc programs need to work, and nothing that could be private.
constexpr const char* kEtc[] = {
    "alternatives", "ca-certificates", "debian_version",  "fonts",      "gai.conf",     "host.conf",
    "hosts",        "java-17-openjdk", "ld.so.cache",     "ld.so.conf", "ld.so.conf.d", "localtime",
    "magic",        "mime.types",      "nsswitch.conf",   "os-release", "perl",         "profile",
    "protocols",    "python3",         "python3.11",      "python3.12", "python3.13",   "resolv.conf",
    "services",     "ssl/certs",       "ssl/openssl.cnf", "timezone"};

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "Say here which architecture system calls belong to."
#endif

// For guests at a person's terminal: TIOCSTI and TIOCLINUX would let them type commands into it. Everything else is
// allowed; system calls of another architecture are not, since their numbers differ.
constexpr sock_filter kTerminalFilter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, 7),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 5, 0),  // the x32 calls
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),  // the low half: both are little-endian
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
};

bool IsSymlink(const char* path) {
  struct stat info = {};
  return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

std::string LinkTarget(const char* path) {
  char target[256];
  const ssize_t size = readlink(path, target, sizeof target);
  return size < 0 ? "" : std::string(target, std::size_t(size));
}

class Options {
 public:
  template <typename... Words>
  Options& Add(const Words&... words) {
    (AddWord(words), ...);
    return *this;
  }
  std::string Take() { return std::move(text_); }

 private:
  /// A NUL ends a word, as in C: a value with one inside must not become further options.
  void AddWord(std::string_view word) {
    text_ += word.substr(0, word.find('\0'));
    text_ += '\0';
  }

  std::string text_;
};

/// The system's programs and libraries, and the basics of a Unix, into `options`.
void AddSystem(Options& options, const Guest& guest) {
  options.Add("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
              "--unshare-cgroup-try", "--hostname", "perch", "--die-with-parent");
  if (guest.own_session) options.Add("--new-session");
  options.Add("--ro-bind", "/usr", "/usr");
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    if (IsSymlink(name)) {
      options.Add("--symlink", LinkTarget(name), name);
    } else {
      options.Add("--ro-bind-try", name, name);
    }
  }
  for (const char* name : kEtc) {
    const std::string path = std::string("/etc/") + name;
    options.Add("--ro-bind-try", path, path);
  }
  options.Add("--perms", "0444", "--file", std::to_string(kPasswdFd), "/etc/passwd");
  options.Add("--perms", "0444", "--file", std::to_string(kGroupFd), "/etc/group");
  options.Add("--proc", "/proc", "--dev", "/dev");
  // Files in memory count against the limit too, as far as one mount goes.
  const std::string size = std::to_string(guest.limits.memory > 0 ? guest.limits.memory : 1LL << 30);
  options.Add("--perms", "1777", "--size", size, "--tmpfs", "/dev/shm");
  options.Add("--perms", "1777", "--size", size, "--tmpfs", "/tmp");
  options.Add("--size", "16777216", "--tmpfs", "/run", "--dir", "/var", "--symlink", "../run", "/var/run");
  options.Add("--symlink", "../tmp", "/var/tmp");
  options.Add("--perms", "0700", "--size", size, "--tmpfs", kGuestHome);
  if (guest.scratch_data) {
    options.Add("--perms", "0700", "--size", size, "--tmpfs", kGuestData, "--dir", std::string(kGuestData) + "/bucket");
  }
}

void SetLimit(decltype(RLIMIT_CORE) which, std::int64_t value) noexcept {
  if (value < 0) return;
  rlimit limit{};
  if (getrlimit(which, &limit) != 0) return;
  limit.rlim_cur = rlim_t(value);
  if (geteuid() == 0 || limit.rlim_max > rlim_t(value)) limit.rlim_max = rlim_t(value);
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  setrlimit(which, &limit);
}

[[noreturn]] void GiveUp(const char* what) noexcept {
  const char* why = strerrordesc_np(errno);
  [[maybe_unused]] ssize_t n = write(2, "perch: ", 7);
  n = write(2, what, strlen(what));
  n = write(2, ": ", 2);
  n = write(2, why ? why : "?", why ? strlen(why) : 1);
  n = write(2, "\n", 1);
  _exit(126);
}

void PutIntoFd(int fd, std::string_view content) noexcept {
  const int memory = memfd_create("perch", 0);
  if (memory < 0) GiveUp("cannot pass the sandbox its options");
  for (std::string_view left = content; !left.empty();) {
    const ssize_t written = write(memory, left.data(), left.size());
    if (written <= 0) GiveUp("cannot pass the sandbox its options");
    left.remove_prefix(std::size_t(written));
  }
  if (lseek(memory, 0, SEEK_SET) != 0) GiveUp("cannot pass the sandbox its options");
  if (memory != fd && (dup2(memory, fd) < 0 || close(memory) != 0)) GiveUp("cannot pass the sandbox its options");
}

}  // namespace

void Guest::Pack(Packer& packer) const {
  packer.Add(std::int64_t(sandboxed)).Add(std::int64_t(uid)).Add(argv).Add(env).Add(std::int64_t(binds.size()));
  for (const Bind& bind : binds) packer.Add(bind.source).Add(bind.target).Add(std::int64_t(bind.writable));
  packer.Add(cwd).Add(std::int64_t(scratch_data)).Add(std::int64_t(own_session)).Add(limits.memory);
  packer.Add(std::int64_t(limits.processes)).Add(std::int64_t(limits.open_files)).Add(limits.log).Add(limits.disk);
  packer.Add(env_file);
}

Guest Guest::Unpack(Unpacker& unpacker) {
  Guest guest;
  guest.sandboxed = unpacker.Number() != 0;
  guest.uid = uid_t(unpacker.Number());
  guest.argv = unpacker.Texts();
  guest.env = unpacker.Pairs();
  for (std::int64_t left = unpacker.Number(); left > 0 && unpacker.ok(); --left) {
    Bind bind;
    bind.source = unpacker.Text();
    bind.target = unpacker.Text();
    bind.writable = unpacker.Number() != 0;
    guest.binds.push_back(std::move(bind));
  }
  guest.cwd = unpacker.Text();
  guest.scratch_data = unpacker.Number() != 0;
  guest.own_session = unpacker.Number() != 0;
  guest.limits.memory = unpacker.Number();
  guest.limits.processes = int(unpacker.Number());
  guest.limits.open_files = int(unpacker.Number());
  guest.limits.log = unpacker.Number();
  guest.limits.disk = unpacker.Number();
  guest.env_file = unpacker.Text();
  return guest;
}

Launch::Launch(const Guest& guest) : guest_(guest) {
  if (!guest.sandboxed) {
    argv_ = guest.argv;
    env_ = guest.env;
    cwd_ = guest.cwd;
    return;
  }
  cwd_ = "/";
  Options options;
  AddSystem(options, guest);
  for (const Bind& bind : guest.binds) {
    std::string source = bind.source;
    if (guest.uid != 0) {
      struct stat info = {};
      const bool is_folder = stat(source.c_str(), &info) != 0 || S_ISDIR(info.st_mode);
      stages_.push_back({source, std::string(kStagingPlace) + "/" + std::to_string(stages_.size()), is_folder});
      source = stages_.back().place;
    }
    options.Add(bind.writable ? "--bind" : "--ro-bind", source, bind.target);
  }
  options.Add("--remount-ro", "/", "--chdir", guest.cwd, "--clearenv");
  for (const auto& [name, value] : guest.env) {
    if (!name.empty() && name.find('=') == std::string::npos && name[0] != '\0') options.Add("--setenv", name, value);
  }
  if (!guest.own_session) options.Add("--seccomp", std::to_string(kFilterFd));
  options_ = options.Take();
  const std::string id = std::to_string(guest.uid != 0 ? guest.uid : geteuid());
  passwd_ = "guest:x:" + id + ":" + id + ":guest:" + kGuestHome + ":/bin/sh\n";
  group_ = "guest:x:" + id + ":\n";
  argv_ = {kBubblewrap, "--args", std::to_string(kOptionsFd), "--"};
  if (guest.uid == 0) {
    // Set outside, the limit would count all of the operator's own processes; inside the user namespace it counts the
    // guest's.
    const std::string limit = std::to_string(guest.limits.processes);
    argv_.insert(argv_.end(), {"/usr/bin/prlimit", "--nproc=" + limit + ":" + limit, "--"});
  }
  argv_.insert(argv_.end(), guest.argv.begin(), guest.argv.end());
}

void Launch::PrepareChild(pid_t parent) const noexcept {
  umask(022);
  if (!stages_.empty()) {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("perch", kStagingPlace, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") != 0) {
      GiveUp("cannot make a mount namespace");
    }
    for (const Stage& stage : stages_) {
      const bool made = stage.is_folder ? mkdir(stage.place.c_str(), 0755) == 0
                                        : close(open(stage.place.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0;
      if (!made || mount(stage.source.c_str(), stage.place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        GiveUp("cannot show the sandbox a folder");
      }
    }
  }
  SetLimit(RLIMIT_CORE, 0);
  SetLimit(RLIMIT_NOFILE, guest_.limits.open_files);
  SetLimit(RLIMIT_FSIZE, guest_.limits.disk);
  SetLimit(RLIMIT_DATA, guest_.limits.memory);
  // A user of its own has no other processes; for the operator's it is set inside the sandbox.
  if (guest_.uid != 0) SetLimit(RLIMIT_NPROC, guest_.limits.processes);
  if (guest_.uid != 0 && (setgroups(0, nullptr) != 0 || setresgid(guest_.uid, guest_.uid, guest_.uid) != 0 ||
                          setresuid(guest_.uid, guest_.uid, guest_.uid) != 0)) {
    GiveUp("cannot become the environment's user");
  }
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // changing the user cleared it
  if (getppid() != parent) _exit(126);
  if (!guest_.env_file.empty()) PutIntoFd(kOptionsFd, guest_.env_file);
  if (!guest_.sandboxed) return;
  PutIntoFd(kOptionsFd, options_);
  PutIntoFd(kPasswdFd, passwd_);
  PutIntoFd(kGroupFd, group_);
  if (!guest_.own_session) {
    PutIntoFd(kFilterFd, std::string_view(reinterpret_cast<const char*>(kTerminalFilter), sizeof kTerminalFilter));
  }
}

Status SandboxWorks(uid_t uid) {
  Error error{.kind = ErrorKind::kRefused, .what = "cannot make sandboxes here"};
  error.hint =
      "Run perch where unprivileged user namespaces are allowed (sysctl kernel.unprivileged_userns_clone=1, "
      "user.max_user_namespaces above 0), or, if you trust all branches' code, with --trust-branches.";
  if (access(kBubblewrap, X_OK) != 0) {
    error.why = "bubblewrap is not installed";
    error.hint = "apt-get install bubblewrap";
    return Fail(error);
  }
  Guest guest{.uid = uid, .argv = {"/bin/true"}, .cwd = "/", .limits = {}};
  if (uid != 0) guest.binds.push_back({"/usr", "/app", false});
  const Launch launch(guest);
  const pid_t parent = getpid();
  const auto result = RunProcess(
      {.argv = launch.argv(), .env = launch.env(), .cwd = "/", .timeout = std::chrono::seconds(20), .in_child = [&] {
         launch.PrepareChild(parent);
       }});
  if (!result) return Fail(result.error());
  if (result->Succeeded()) return {};
  error.why = result->timed_out ? "bubblewrap does not come to an end" : std::string(Trim(result->err));
  return Fail(error);
}

std::string MemoryLimitKind() { return "each process's data (RLIMIT_DATA)"; }

uid_t FirstGuestUid(const std::string& state_folder) {
  constexpr uid_t kFirst = 1'900'000'000, kBlocks = 200'000, kBlockSize = 1000;
  const std::string digest = Sha256(state_folder);
  std::uint32_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return kFirst + (number % kBlocks) * kBlockSize;
}

}  // namespace perch::local
