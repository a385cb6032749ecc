#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <csignal>

namespace perch::net {

Loop::Watched::Watched(Loop& loop) : loop_(loop), next_(loop.first_) {
  if (next_) next_->previous_ = this;
  loop.first_ = this;
  if (!loop.armed_ && !loop.closing_) loop.Arm();
}

Loop::Watched::~Watched() {
  (previous_ ? previous_->next_ : loop_.first_) = next_;
  if (next_) next_->previous_ = previous_;
  if (loop_.closing_ && !loop_.ended_ && loop_.first_ == nullptr) loop_.timer_.cancel();
}

namespace {
constexpr std::chrono::seconds kLongestGoodbye{3};
}

Loop::Loop(std::chrono::milliseconds tick) : tick_(tick) {}

void Loop::Start() {
  thread_ = std::thread([this] {
    // splice(2) into a closed socket raises SIGPIPE and knows no flag against it.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    context_.run();
  });
}

void Loop::Stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    closing_ = true;
    ForEach([](Watched& item) { item.Close(); });
    guard_.reset();
    timer_.expires_after(kLongestGoodbye);
    timer_.async_wait([this](error_code) { context_.stop(); });
    if (first_ == nullptr) timer_.cancel();
  });
  thread_.join();
  ended_ = true;
}

void Loop::Arm() {
  armed_ = true;
  timer_.expires_after(tick_);
  timer_.async_wait([this](error_code ec) {
    armed_ = false;
    if (ec || first_ == nullptr || closing_) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    ForEach([&](Watched& item) { item.Tick(now); });
    if (!armed_ && first_ != nullptr) Arm();
  });
}

}  // namespace perch::net
