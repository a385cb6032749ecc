#include "model/names.h"

#include <algorithm>
#include <array>

#include "model/readable.h"

namespace perch {
namespace {

constexpr std::size_t kLabelMax = 63;  // RFC 1035, section 2.3.4

constexpr std::array<std::string_view, 14> kUsualPrefixes = {"feature", "feat", "fix",   "bugfix", "hotfix",
                                                             "chore",   "docs", "test",  "ci",     "refactor",
                                                             "release", "perf", "build", "style"};
constexpr std::array<std::string_view, 4> kReserved = {"www", "perch", "localhost", "dashboard"};

bool IsLabelChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kLabelMax && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), IsLabelChar);
}

bool HasUsualPrefix(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  return at != std::string_view::npos &&
         std::find(kUsualPrefixes.begin(), kUsualPrefixes.end(), text.substr(0, at)) != kUsualPrefixes.end();
}

/// Looks like what SlugFor makes from another branch, or may not be used.
bool IsTaken(std::string_view label) {
  return internal::HasTail(label) || (label.size() > 3 && label.substr(2, 2) == "--") ||
         std::find(kReserved.begin(), kReserved.end(), label) != kReserved.end();
}

std::string LookOf(std::string_view branch) {
  const std::string look = internal::Readable(branch, kLabelMax - internal::kTailLength - 1);
  return look.empty() ? "branch" : look;
}

}  // namespace

std::string SlugFor(std::string_view branch) {
  if (IsLabel(branch) && !IsTaken(branch) && !HasUsualPrefix(branch, '-')) return std::string(branch);
  const std::size_t slash = branch.find('/');
  if (HasUsualPrefix(branch, '/') && branch.size() <= kLabelMax) {
    std::string label(branch);
    label[slash] = '-';
    if (IsLabel(label) && branch[slash + 1] != '-' && !IsTaken(label)) return label;
  }
  return LookOf(branch) + "-" + internal::Tail(branch);
}

bool IsSlug(std::string_view text) { return IsLabel(text); }

}  // namespace perch
