#include "cli/serve/file_watch.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace perch::cli {
namespace {

// Editors write in several steps; one call after the last of them is enough.
constexpr int kQuietMilliseconds = 50;

}  // namespace

FileWatch::FileWatch(std::filesystem::path file, std::function<void()> on_change)
    : file_(std::move(file)),
      on_change_(std::move(on_change)),
      inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  // The folder, not the file: a file that is replaced by rename would be lost sight of.
  inotify_add_watch(inotify_.get(), file_.parent_path().c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE);
  thread_ = std::thread([this] { Run(); });
}

FileWatch::~FileWatch() {
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void FileWatch::Run() {
  const std::string name = file_.filename();
  bool changed = false;
  while (true) {
    pollfd fds[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    const int ready = poll(fds, 2, changed ? kQuietMilliseconds : -1);
    if (fds[0].revents) return;
    if (ready == 0 && changed) {
      changed = false;
      on_change_();
    }
    alignas(inotify_event) char buffer[16 * (sizeof(inotify_event) + NAME_MAX + 1)];
    const ssize_t got = read(inotify_.get(), buffer, sizeof buffer);
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      if (event->len > 0 && name == event->name) changed = true;
      at += ssize_t(sizeof(inotify_event) + event->len);
    }
  }
}

}  // namespace perch::cli
