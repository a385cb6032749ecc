#include "cli/signals.h"

#include <cerrno>

namespace perch::cli {

Signals::Signals() {
  sigemptyset(&set_);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::optional<int> Signals::Wait(std::optional<std::chrono::milliseconds> timeout) const {
  while (true) {
    int got;
    if (timeout) {
      const timespec time{.tv_sec = timeout->count() / 1000, .tv_nsec = timeout->count() % 1000 * 1'000'000};
      got = sigtimedwait(&set_, nullptr, &time);
    } else {
      got = sigwaitinfo(&set_, nullptr);
    }
    if (got > 0) return got;
    if (errno == EAGAIN) return std::nullopt;
  }
}

}  // namespace perch::cli
