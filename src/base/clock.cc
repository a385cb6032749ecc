#include "base/clock.h"

#include <charconv>
#include <cstdint>
#include <cstdio>

namespace perch {
namespace {

using std::chrono::milliseconds;

/// Reads exactly `digits` digits at `at`, or nullopt.
std::optional<int> Digits(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string Count(std::int64_t n, std::string_view unit) {
  return std::to_string(n) + " " + std::string(unit) + (n == 1 ? "" : "s") + " ago";
}

}  // namespace

std::string FormatTime(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), int(clock.hours().count()), int(clock.minutes().count()),
                int(clock.seconds().count()), int(clock.subseconds().count()));
  return text;
}

std::optional<Time> ParseTime(std::string_view text) {
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text.back() != 'Z' || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  int millis = 0;
  if (text.size() == 24 && text[19] == '.') {
    const auto fraction = Digits(text, 20, 3);
    if (!fraction) return std::nullopt;
    millis = *fraction;
  } else if (text.size() != 20) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + milliseconds(millis);
}

std::string FormatDuration(milliseconds duration) {
  const std::int64_t ms = duration.count();
  const auto part = [](std::int64_t n, const char* unit) { return n ? " " + std::to_string(n) + " " + unit : ""; };
  if (ms < 1000) return std::to_string(ms) + " ms";
  const std::int64_t s = ms / 1000;
  if (s < 10) return std::to_string(s) + "." + std::to_string(ms / 100 % 10) + " s";
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min" + part(s % 60, "s");
  if (s < 86400) return std::to_string(s / 3600) + " h" + part(s / 60 % 60, "min");
  return std::to_string(s / 86400) + (s / 86400 == 1 ? " day" : " days");
}

std::string FormatAge(Time then, Time now) {
  const std::int64_t s = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (s < 10) return "just now";
  if (s < 60) return Count(s, "second");
  if (s < 3600) return Count(s / 60, "minute");
  if (s < 86400) return Count(s / 3600, "hour");
  return Count(s / 86400, "day");
}

}  // namespace perch
