#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/router.h"

namespace perch::gateway {

/// Host names and where they lead. Changes are visible to every Find that begins after them. Thread-safe.
class RouteTable : public Router {
 public:
  struct Options {
    std::string domain;                    ///< branches are `<slug>.<domain>`
    net::Handler* pages = nullptr;         ///< the honest page of every branch host, served or not, known or not
    net::Handler* unknown_host = nullptr;  ///< for every other host
  };
  explicit RouteTable(Options options);

  /// This exact host name (lower case, no port) belongs to perch itself: the dashboard.
  void AddHost(std::string host, net::Handler* handler);
  /// `<slug>.<domain>` leads to 127.0.0.1:`port` from now on.
  void SetBranch(const std::string& slug, std::uint16_t port);
  /// `<slug>.<domain>` gets the pages from now on.
  void ClearBranch(const std::string& slug);
  /// The port that a branch's host leads to; 0 for none.
  std::uint16_t PortOf(const std::string& slug) const;

  Route Find(std::string_view host) const override;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct Snapshot {
    std::unordered_map<std::string, net::Handler*, Hash, std::equal_to<>> hosts;
    std::unordered_map<std::string, std::uint16_t, Hash, std::equal_to<>> branches;  // by slug
  };
  std::shared_ptr<const Snapshot> Current() const;
  template <typename Change>
  void Update(const Change& change);

  const Options options_;
  const std::string suffix_;  // ".<domain>"
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace perch::gateway
