#include "local/watch.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <set>
#include <utility>
#include <vector>

namespace perch::local {

AppWatch::AppWatch(Callback callback)
    : callback_(std::move(callback)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  for (const int fd : {wake_.get(), inotify_.get()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  thread_ = std::thread([this] { Run(); });
}

AppWatch::~AppWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void AppWatch::Add(const std::string& slug, const ProcessId& keeper, const std::string& folder) {
  const std::lock_guard lock(mutex_);
  if (const auto it = watched_.find(slug); it != watched_.end()) Forget(it);
  Watched& watched = watched_[slug];
  watched.keeper = keeper;
  watched.inotify = inotify_add_watch(inotify_.get(), folder.c_str(), IN_MOVED_TO);
  watched.process = OpenProcess(keeper);
  if (!watched.process) {
    eventfd_write(wake_.get(), 1);  // dead already: the thread tells
    return;
  }
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = watched.process.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, watched.process.get(), &event);
}

void AppWatch::Remove(const std::string& slug) {
  const std::lock_guard lock(mutex_);
  if (const auto it = watched_.find(slug); it != watched_.end()) {
    Forget(it);
    watched_.erase(it);
  }
}

void AppWatch::Forget(std::map<std::string, Watched>::iterator it) {
  Watched& watched = it->second;
  bool folder_used = false;
  for (const auto& [slug, other] : watched_) folder_used |= slug != it->first && other.inotify == watched.inotify;
  if (watched.inotify >= 0 && !folder_used) inotify_rm_watch(inotify_.get(), watched.inotify);
  if (watched.process) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watched.process.get(), nullptr);
  watched.process.Close();
}

void AppWatch::Run() {
  while (true) {
    epoll_event events[16];
    const int count = epoll_wait(epoll_.get(), events, std::size(events), -1);
    std::set<int> ready, told;
    for (int i = 0; i < count; ++i) ready.insert(events[i].data.fd);
    eventfd_t ignored;
    eventfd_read(wake_.get(), &ignored);
    alignas(inotify_event) char buffer[4096];
    for (ssize_t got; (got = read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        told.insert(event->wd);
        at += ssize_t(sizeof *event + event->len);
      }
    }
    std::vector<std::tuple<std::string, ProcessId, bool>> news;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      for (auto it = watched_.begin(); it != watched_.end();) {
        Watched& watched = it->second;
        const bool dead = !watched.process || ready.contains(watched.process.get());
        if (dead || told.contains(watched.inotify)) news.emplace_back(it->first, watched.keeper, !dead);
        if (dead) Forget(it);
        it = dead ? watched_.erase(it) : std::next(it);
      }
    }
    for (const auto& [slug, keeper, alive] : news) callback_(slug, keeper, alive);
  }
}

}  // namespace perch::local
