#include "base/secret.h"

#include <algorithm>

namespace perch {
namespace {

constexpr std::size_t kShortestMasked = 4;

}  // namespace

void Redactor::Add(const Secret& secret) {
  const std::string& value = secret.Reveal();
  if (value.size() < kShortestMasked) return;
  const std::lock_guard lock(mutex_);
  if (std::find(values_.begin(), values_.end(), value) != values_.end()) return;
  values_.push_back(value);
  std::sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Redactor::Mask(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  std::string masked(text);
  for (const std::string& value : values_) {
    for (std::size_t at = 0; (at = masked.find(value, at)) != std::string::npos; at += 3) {
      masked.replace(at, value.size(), "***");
    }
  }
  return masked;
}

std::size_t Redactor::LongestValue() const {
  const std::lock_guard lock(mutex_);
  return values_.empty() ? 0 : values_.front().size();
}

std::string StreamMask::Feed(std::string_view piece) {
  held_ += piece;
  const std::size_t longest = redactor_ ? redactor_->LongestValue() : 0;
  if (longest == 0) return std::exchange(held_, {});
  held_ = redactor_->Mask(held_);
  // A secret may have begun in the last longest-1 bytes; a line end cannot be inside a value that has none, but values
  // may have any bytes.
  const std::size_t keep = std::min(held_.size(), longest - 1);
  std::string shown = held_.substr(0, held_.size() - keep);
  held_.erase(0, shown.size());
  return shown;
}

std::string StreamMask::Finish() {
  std::string rest = redactor_ ? redactor_->Mask(held_) : held_;
  held_.clear();
  return rest;
}

}  // namespace perch
