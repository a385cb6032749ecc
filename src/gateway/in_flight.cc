#include "gateway/in_flight.h"

#include <atomic>
#include <new>
#include <utility>

namespace perch::gateway {
namespace {

constexpr std::size_t kPorts = 65536;

std::uint32_t Load(const std::uint32_t& count) {
  return std::atomic_ref(const_cast<std::uint32_t&>(count)).load(std::memory_order_seq_cst);
}
void Add(std::uint32_t& count) { std::atomic_ref(count).fetch_add(1, std::memory_order_seq_cst); }
void Subtract(std::uint32_t& count) { std::atomic_ref(count).fetch_sub(1, std::memory_order_seq_cst); }

}  // namespace

InFlight::InFlight() : counts_(static_cast<Counts*>(std::calloc(kPorts, sizeof(Counts)))) {
  if (!counts_) throw std::bad_alloc();
}

std::uint32_t InFlight::Short(std::uint16_t port) const { return Load(counts_[port].short_lived); }

std::uint32_t InFlight::All(std::uint16_t port) const {
  return Load(counts_[port].short_lived) + Load(counts_[port].long_lived);
}

bool InFlight::Wait(std::uint16_t port, bool all, std::chrono::milliseconds timeout) {
  // Announced before looking: whoever leaves after the look sees it and notifies.
  Add(waiting_);
  std::unique_lock lock(mutex_);
  const bool idle = left_.wait_for(lock, timeout, [&] { return (all ? All(port) : Short(port)) == 0; });
  Subtract(waiting_);
  return idle;
}

void InFlight::Notify() {
  if (Load(waiting_) == 0) return;
  const std::lock_guard lock(mutex_);
  left_.notify_all();
}

InFlight::Guard::Guard(InFlight& counts, std::uint16_t port) : counts_(&counts), port_(port) {
  Add(counts.counts_[port].short_lived);
}

InFlight::Guard::Guard(Guard&& other) noexcept
    : counts_(std::exchange(other.counts_, nullptr)), port_(other.port_), long_lived_(other.long_lived_) {}

InFlight::Guard& InFlight::Guard::operator=(Guard&& other) noexcept {
  if (this != &other) {
    Leave();
    counts_ = std::exchange(other.counts_, nullptr);
    port_ = other.port_;
    long_lived_ = other.long_lived_;
  }
  return *this;
}

void InFlight::Guard::BecomeLongLived() {
  if (!counts_ || long_lived_) return;
  Counts& counts = counts_->counts_[port_];
  Add(counts.long_lived);
  Subtract(counts.short_lived);
  long_lived_ = true;
  counts_->Notify();
}

void InFlight::Guard::Leave() {
  InFlight* const counts = std::exchange(counts_, nullptr);
  if (!counts) return;
  Counts& entry = counts->counts_[port_];
  Subtract(long_lived_ ? entry.long_lived : entry.short_lived);
  counts->Notify();
}

}  // namespace perch::gateway
