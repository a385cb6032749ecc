#include "git/github_limits.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "git/github_parse.h"

namespace perch::git {
namespace {

using std::chrono::seconds;

/// An HTTP date, "Sun, 22 Nov 2026 16:55:54 GMT" (RFC 9110, 5.6.7).
std::optional<Time> ParseHttpDate(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (in.fail()) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
              seconds(parts.tm_sec));
}

std::optional<seconds> Seconds(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseNumber(Trim(text));
  if (!number) return std::nullopt;
  return seconds(std::min<std::uint64_t>(*number, 1'000'000'000'000));
}

}  // namespace

std::optional<std::chrono::milliseconds> LimitIn(const GitHubAnswer& answer, Time now) {
  if (answer.status != 403 && answer.status != 429) return std::nullopt;
  const auto in_bounds = [](seconds wait) { return std::clamp<seconds>(wait, seconds(1), std::chrono::hours(2)); };
  if (const std::optional<seconds> wait = Seconds(answer.Header("retry-after"))) return in_bounds(*wait);
  if (answer.Header("x-ratelimit-remaining") == "0") {
    if (const std::optional<seconds> reset = Seconds(answer.Header("x-ratelimit-reset"))) {
      const Time then = ParseHttpDate(answer.Header("date")).value_or(now);
      return in_bounds(*reset - std::chrono::floor<seconds>(then.time_since_epoch()));
    }
  }
  const std::string message = ToLower(ParseMessage(answer.body));
  const bool limit = answer.status == 429 || message.contains("rate limit") || message.contains("abuse detection");
  if (limit) return seconds(60);
  return std::nullopt;
}

}  // namespace perch::git
