#include "gateway/route_table.h"

#include <utility>

#include "base/text.h"

namespace perch::gateway {

RouteTable::RouteTable(Options options)
    : options_(std::move(options)),
      suffix_("." + ToLower(options_.domain)),
      snapshot_(std::make_shared<const Snapshot>()) {}

std::shared_ptr<const RouteTable::Snapshot> RouteTable::Current() const {
  const std::lock_guard lock(
      mutex_);  // held for a copy of a pointer; std::atomic<shared_ptr> of libstdc++ 12 locks too
  return snapshot_;
}

template <typename Change>
void RouteTable::Update(const Change& change) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Snapshot> next = std::make_shared<Snapshot>(*snapshot_);
  change(*next);
  snapshot_ = std::move(next);
}

void RouteTable::AddHost(std::string host, net::Handler* handler) {
  Update([&](Snapshot& next) { next.hosts[std::move(host)] = handler; });
}

void RouteTable::SetBranch(const std::string& slug, std::uint16_t port) {
  Update([&](Snapshot& next) { next.branches[slug] = port; });
}

void RouteTable::ClearBranch(const std::string& slug) {
  Update([&](Snapshot& next) { next.branches.erase(slug); });
}

std::uint16_t RouteTable::PortOf(const std::string& slug) const {
  const std::shared_ptr<const Snapshot> now = Current();
  const auto found = now->branches.find(slug);
  return found == now->branches.end() ? 0 : found->second;
}

Route RouteTable::Find(std::string_view host) const {
  const std::shared_ptr<const Snapshot> now = Current();
  if (const auto own = now->hosts.find(host); own != now->hosts.end()) return {.handler = own->second};
  if (host.size() <= suffix_.size() || !host.ends_with(suffix_)) return {.handler = options_.unknown_host};
  const std::string_view slug = host.substr(0, host.size() - suffix_.size());
  if (slug.find('.') != std::string_view::npos) return {.handler = options_.unknown_host};
  const auto branch = now->branches.find(slug);
  const std::uint16_t port = branch == now->branches.end() ? 0 : branch->second;
  return {.upstream_port = port, .handler = options_.pages, .is_branch = true};
}

}  // namespace perch::gateway
