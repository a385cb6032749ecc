#include "git/watch.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "base/file.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMask =
    IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kAncestorMask = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kQuietMs = 3;      // after the last event of a burst
constexpr int kBurstMs = 20;     // a burst is told after this, even while it goes on
constexpr int kMissingMs = 500;  // between looks for a repository that went away

class RefsWatch : public engine::Watch {
 public:
  RefsWatch(fs::path git_dir, UniqueFd inotify, std::function<void()> on_change)
      : git_dir_(std::move(git_dir)),
        inotify_(std::move(inotify)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        on_change_(std::move(on_change)) {}

  ~RefsWatch() override {
    thread_.request_stop();
    eventfd_write(wake_.get(), 1);
  }

  /// Watches what is there now; errno's value, 0 if all went well.
  int AddAll() {
    // New folders are found by the event in their parent; their content, which may be older than the watch, by AddTree.
    if (const int error = Add(git_dir_)) return error;
    // A folder above that is moved takes the repository away without an event in it.
    for (fs::path above = git_dir_.parent_path(); above.has_relative_path(); above = above.parent_path()) {
      const int id = inotify_add_watch(inotify_.get(), above.c_str(), kAncestorMask);
      if (id >= 0) holders_.insert(id);
    }
    Add(git_dir_ / "refs");
    Add(git_dir_ / "reftable");
    return AddTree(git_dir_ / "refs/heads");
  }

  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }

 private:
  int Add(const fs::path& folder) {
    const int id = inotify_add_watch(inotify_.get(), folder.c_str(), kMask);
    if (id < 0) return errno;
    if (folder == git_dir_) {
      git_dir_id_ = id;
      holders_ = {id};
    }
    return 0;
  }

  int AddTree(const fs::path& folder) {
    const int error = Add(folder);
    // Where refs are kept in tables, refs/heads is a file; and any folder may be deleted meanwhile.
    if (error == ENOENT || error == ENOTDIR || error == EACCES) return 0;
    if (error != 0) return error;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
    while (const dirent* entry = entries ? readdir(entries.get()) : nullptr) {
      if (entry->d_name[0] == '.' || entry->d_type == DT_REG || entry->d_type == DT_LNK) continue;
      if (const int inner = AddTree(folder / entry->d_name)) return inner;
    }
    return 0;
  }

  bool Matters(const inotify_event& event) const {
    const std::string_view name = event.len > 0 ? event.name : "";
    if (event.wd == git_dir_id_) {
      return name.empty() || name == "packed-refs" || name == "HEAD" || name == "refs" || name == "reftable";
    }
    // git writes a lock file beside each ref and renames it; only the rename counts.
    return !name.ends_with(".lock");
  }

  /// Reads what is queued; says whether it matters.
  bool ReadEvents() {
    alignas(inotify_event) char buffer[1 << 14];
    bool matters = false;
    for (ssize_t n; (n = read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
      for (const char* at = buffer; at < buffer + n;) {
        const inotify_event& event = *reinterpret_cast<const inotify_event*>(at);
        at += sizeof event + event.len;
        if (event.mask & (IN_ISDIR | IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) rescan_ = true;
        if (holders_.contains(event.wd) && (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))) missing_ = true;
        matters = matters || (event.mask & IN_Q_OVERFLOW) || Matters(event);
      }
    }
    return matters;
  }

  /// Waits for events or the end; says whether events are there.
  bool Wait(int timeout_ms) {
    pollfd fds[] = {{inotify_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    poll(fds, 2, timeout_ms);
    return fds[0].revents != 0;
  }

  void Run(const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    while (!stop.stop_requested()) {
      bool changed = Wait(missing_ ? kMissingMs : -1) && ReadEvents();
      const Clock::time_point burst_end = Clock::now() + std::chrono::milliseconds(kBurstMs);
      while (changed && Clock::now() < burst_end && Wait(kQuietMs) && !stop.stop_requested()) ReadEvents();
      if (missing_ && AddAll() == 0) {
        missing_ = false;
        changed = true;
      } else if (rescan_ && !missing_) {
        AddAll();  // before the call, so that what comes after it is seen
      }
      rescan_ = false;
      if (changed && !stop.stop_requested()) on_change_();
    }
  }

  const fs::path git_dir_;
  const UniqueFd inotify_;
  const UniqueFd wake_;
  const std::function<void()> on_change_;
  int git_dir_id_ = -1;
  std::set<int> holders_;  // the watches of git_dir_ and of the folders above it
  bool missing_ = false;
  bool rescan_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

class PollingWatch : public engine::Watch {
 public:
  PollingWatch(Fingerprint fingerprint, std::chrono::milliseconds interval, std::function<void()> on_change)
      : thread_([fingerprint = std::move(fingerprint), interval,
                 on_change = std::move(on_change)](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any end;
          std::optional<std::string> last;  // nullopt: looking failed
          for (bool first = true; !stop.stop_requested(); first = false) {
            const Result<std::string> now = fingerprint(stop);
            if (stop.stop_requested()) return;
            const std::optional<std::string> text = now ? std::optional(*now) : std::nullopt;
            if (first || text != last) on_change();
            last = text;
            std::unique_lock lock(mutex);
            end.wait_for(lock, stop, interval, [] { return false; });
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<engine::Watch>> WatchRefs(const fs::path& git_dir, std::function<void()> on_change) {
  Error error{.kind = ErrorKind::kUnavailable,
              .what = "cannot watch the branches",
              .where = git_dir.string(),
              .hint = "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl."};
  UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) {
    error.why = ErrnoText(errno);
    return Fail(std::move(error));
  }
  auto watch = std::make_unique<RefsWatch>(git_dir, std::move(inotify), std::move(on_change));
  if (const int code = watch->AddAll()) {
    error.why = ErrnoText(code);
    return Fail(std::move(error));
  }
  watch->Start();
  return watch;
}

std::unique_ptr<engine::Watch> WatchByPolling(Fingerprint fingerprint, std::chrono::milliseconds interval,
                                              std::function<void()> on_change) {
  return std::make_unique<PollingWatch>(std::move(fingerprint), interval, std::move(on_change));
}

}  // namespace perch::git
