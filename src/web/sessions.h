#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace perch::web {

/// How long a sign-in lasts.
inline constexpr std::chrono::hours kSessionLength{7 * 24};
/// How long a ticket from the dashboard to a branch's host may be used.
inline constexpr std::chrono::seconds kTicketLength{60};

/// Sign-ins as signed values: nothing is stored, so a restart keeps people signed in; a new key signs everybody out.
/// Thread-safe.
class Sessions {
 public:
  Sessions(Secret key, Clock clock) : key_(std::move(key)), clock_(std::move(clock)) {}

  /// A new value for the cookie of `host`; worth nothing on any other host.
  std::string Issue(std::string_view host) const;
  /// Whether `value` was issued for `host` and has not run out.
  bool Valid(std::string_view host, std::string_view value) const;
  /// What the forms of that session carry, so that a foreign page cannot send them.
  std::string FormKey(std::string_view session) const;

  /// A value that signs a browser in on `host` once, within kTicketLength, and then shows `path` there.
  std::string IssueTicket(const std::string& host, const std::string& path);
  /// The path of a ticket for `host`; nullopt if it is unknown, used, too old or meant for another host.
  std::optional<std::string> RedeemTicket(std::string_view host, const std::string& ticket);

 private:
  struct Ticket {
    std::string host;
    std::string path;
    Time until;
  };
  std::string Sign(std::string_view purpose, std::string_view text) const;

  const Secret key_;
  const Clock clock_;
  std::mutex mutex_;
  std::map<std::string, Ticket> tickets_;
};

/// The key in `path` (mode 0600), made when absent. Deleting the file signs everybody out at the next start.
Result<Secret> LoadOrMakeKey(const std::filesystem::path& path);

}  // namespace perch::web
