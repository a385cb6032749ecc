#include "gateway/upstream.h"

#include <sys/socket.h>

#include <cerrno>

namespace perch::gateway {
namespace {

constexpr std::size_t kMostIdleForAPort = 256;
constexpr std::size_t kKeptBuffer = 8 << 10;
constexpr std::chrono::seconds kLongestIdle{20};
constexpr std::chrono::seconds kSurelyAlive{1};

}  // namespace

bool Upstream::IsFresh() {
  char byte = 0;
  const ssize_t n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

class UpstreamPool::Sweeper : public net::Loop::Watched {
 public:
  Sweeper(net::Loop& loop, UpstreamPool& pool) : Watched(loop), pool_(pool) {}
  void Tick(net::SteadyTime now) override { pool_.Sweep(now); }
  void Close() override { pool_.Clear(); }

 private:
  UpstreamPool& pool_;
};

UpstreamPool::UpstreamPool(net::Loop& loop) : loop_(loop) {}
UpstreamPool::~UpstreamPool() = default;

std::unique_ptr<Upstream> UpstreamPool::Take(std::uint16_t port, bool check) {
  const auto found = idle_.find(port);
  if (found == idle_.end()) return nullptr;
  std::vector<std::unique_ptr<Upstream>>& connections = found->second;
  while (!connections.empty()) {
    std::unique_ptr<Upstream> upstream = std::move(connections.back());
    connections.pop_back();
    const bool rested = std::chrono::steady_clock::now() - upstream->idle_since > kSurelyAlive;
    if ((check || rested) && !upstream->IsFresh()) continue;
    upstream->used_before = true;
    return upstream;
  }
  return nullptr;
}

void UpstreamPool::Put(std::unique_ptr<Upstream> upstream) {
  std::vector<std::unique_ptr<Upstream>>& connections = idle_[upstream->port];
  if (connections.size() >= kMostIdleForAPort) return;
  upstream->in.Shrink(kKeptBuffer);
  upstream->idle_since = std::chrono::steady_clock::now();
  connections.push_back(std::move(upstream));
  if (!sweeper_) sweeper_ = std::make_unique<Sweeper>(loop_, *this);
}

void UpstreamPool::Drop(std::uint16_t port) { idle_.erase(port); }

void UpstreamPool::Clear() {
  idle_.clear();
  sweeper_.reset();
}

void UpstreamPool::Sweep(net::SteadyTime now) {
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    std::erase_if(entry->second, [&](const std::unique_ptr<Upstream>& upstream) {
      return now - upstream->idle_since > kLongestIdle || !upstream->IsFresh();
    });
    entry = entry->second.empty() ? idle_.erase(entry) : std::next(entry);
  }
  if (idle_.empty()) sweeper_.reset();
}

}  // namespace perch::gateway
