#include "model/names.h"

#include <algorithm>
#include <array>

#include "base/digest.h"

namespace perch {
namespace {

constexpr std::size_t kLabelMax = 63;  // RFC 1035, section 2.3.4
constexpr std::size_t kTailLength = 12;

constexpr std::array<std::string_view, 14> kUsualPrefixes = {"feature", "feat", "fix",   "bugfix", "hotfix",
                                                             "chore",   "docs", "test",  "ci",     "refactor",
                                                             "release", "perf", "build", "style"};
constexpr std::array<std::string_view, 4> kReserved = {"www", "perch", "localhost", "dashboard"};

bool IsLabelChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kLabelMax && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), IsLabelChar);
}

bool HasTail(std::string_view text) {
  if (text.size() <= kTailLength || text[text.size() - kTailLength - 1] != '-') return false;
  const std::string_view tail = text.substr(text.size() - kTailLength);
  if (tail[0] < '2' || tail[0] > '7') return false;
  return std::all_of(tail.begin(), tail.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
}

bool HasUsualPrefix(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  return at != std::string_view::npos &&
         std::find(kUsualPrefixes.begin(), kUsualPrefixes.end(), text.substr(0, at)) != kUsualPrefixes.end();
}

/// Looks like what SlugFor makes from another branch, or may not be used.
bool IsTaken(std::string_view label) {
  return HasTail(label) || (label.size() > 3 && label.substr(2, 2) == "--") ||
         std::find(kReserved.begin(), kReserved.end(), label) != kReserved.end();
}

/// 57 bits of the branch's hash in base 32 (RFC 4648, lower case), the first character one of 2..7.
std::string Tail(std::string_view branch) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const std::string digest = Sha256(branch);
  std::string tail;
  for (std::size_t i = 0; i < kTailLength; ++i) {
    const auto byte = static_cast<unsigned char>(digest[i]);
    tail += i == 0 ? char('2' + byte % 6) : kAlphabet[byte % 32];
  }
  return tail;
}

/// What can be kept of the branch's looks: lower case, runs of anything else one '-'.
std::string Readable(std::string_view branch, std::size_t longest) {
  std::string label;
  for (char c : branch) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    if (!IsLabelChar(c)) c = '-';
    if (c == '-' && (label.empty() || label.back() == '-')) continue;
    label += c;
  }
  label.resize(std::min(label.size(), longest));
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label.empty() ? "branch" : label;
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
  return Readable(branch, kLabelMax - kTailLength - 1) + "-" + Tail(branch);
}

bool IsSlug(std::string_view text) { return IsLabel(text); }

}  // namespace perch
