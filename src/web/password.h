#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"

namespace perch::web {

/// The one password of a team server. Only its PBKDF2-HMAC-SHA-256 hash is kept in memory. Thread-safe.
class Password {
 public:
  explicit Password(const Secret& password, int iterations = 100000);
  /// Takes as long for a wrong guess as for the right one; one at a time, so that guesses cannot use up the machine.
  bool Matches(std::string_view guess) const;

 private:
  std::string Derive(std::string_view password) const;

  const int iterations_;
  const std::string salt_;
  const std::string hash_;
  mutable std::mutex one_at_a_time_;
};

/// Slows down guessing: after 5 wrong passwords from one address (an IPv6 /64 counts as one) each further try has to
/// wait, twice as long each time, up to 15 minutes. Forgets an address an hour after its last wrong try. Thread-safe.
class LoginThrottle {
 public:
  explicit LoginThrottle(Clock clock) : clock_(std::move(clock)) {}

  /// How long `peer` has to wait before its next try; zero when it may try now.
  std::chrono::seconds WaitFor(std::string_view peer) const;
  void NoteWrong(std::string_view peer);
  void NoteRight(std::string_view peer);

 private:
  struct Record {
    int wrong = 0;
    Time last;
    Time free_at;
  };
  const Clock clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Record> records_;
};

}  // namespace perch::web
