#include "model/readable.h"

#include <algorithm>

#include "base/digest.h"

namespace perch::internal {

std::string Tail(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const std::string digest = Sha256(bytes);
  std::string tail;
  for (std::size_t i = 0; i < kTailLength; ++i) {
    const auto byte = static_cast<unsigned char>(digest[i]);
    tail += i == 0 ? char('2' + byte % 6) : kAlphabet[byte % 32];
  }
  return tail;
}

bool IsTail(std::string_view text) {
  return text.size() == kTailLength && text[0] >= '2' && text[0] <= '7' &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
}

bool HasTail(std::string_view text) {
  return text.size() > kTailLength && text[text.size() - kTailLength - 1] == '-' &&
         IsTail(text.substr(text.size() - kTailLength));
}

std::string Readable(std::string_view text, std::size_t longest) {
  std::string label;
  for (char c : text) {
    if (label.size() == longest) break;
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!kept && (label.empty() || label.back() == '-')) continue;
    label += kept ? c : '-';
  }
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

std::string Label(std::string_view text, std::size_t longest) {
  std::string label = Readable(text, longest);
  if (!text.empty() && label == text && !HasTail(text)) return label;
  label = Readable(text, longest - kTailLength - 1);
  return (label.empty() ? "x" : label) + "-" + Tail(text);
}

}  // namespace perch::internal
