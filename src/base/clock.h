#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perch {

/// A point in time, UTC, to the millisecond.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where the time comes from; only src/cli and tests make one. Thread-safe.
using Clock = std::function<Time()>;

/// "2026-11-22T16:55:54.123Z" (RFC 3339).
std::string FormatTime(Time time);

/// Reads what FormatTime writes, with or without fractions of a second; nullopt for anything else.
std::optional<Time> ParseTime(std::string_view text);

/// A length of time for people: "840 ms", "12 s", "3 min 5 s", "2 h", "4 days".
std::string FormatDuration(std::chrono::milliseconds duration);

/// How long ago, for people: "just now", "5 minutes ago", "2 days ago".
std::string FormatAge(Time then, Time now);

}  // namespace perch
