#include "aws/times.h"

#include <cstdio>
#include <string>

#include "base/text.h"

namespace perch::aws {

std::optional<Time> ParseAwsTime(std::string_view text) {
  if (text.size() < 20) return std::nullopt;
  const std::string seconds = std::string(text.substr(0, 19));
  std::string_view rest = text.substr(19);
  std::string decimals;
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    decimals = rest.substr(1, end - 1);
    if (decimals.empty()) return std::nullopt;
    decimals.resize(3, '0');
    rest.remove_prefix(end);
  }
  std::chrono::minutes offset{0};
  if (rest != "Z") {  // "+02:00"
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const std::optional<std::uint64_t> hours = ParseNumber(rest.substr(1, 2)), minutes = ParseNumber(rest.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = std::chrono::minutes(int(*hours * 60 + *minutes) * (rest[0] == '-' ? -1 : 1));
  }
  const std::optional<Time> time = ParseTime(seconds + (decimals.empty() ? "" : "." + decimals) + "Z");
  if (!time) return std::nullopt;
  return *time - offset;
}

std::optional<Time> ParseHttpDate(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4] = "";
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, end = 0;
  const std::string copy(text.substr(0, 64));
  if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute, &second,
                  &end) != 6 ||
      end == 0) {
    return std::nullopt;
  }
  const std::size_t at = kMonths.find(month);
  if (at == kMonths.npos || at % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(at / 3 + 1)),
                                         std::chrono::day(unsigned(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace perch::aws
