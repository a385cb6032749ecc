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

std::size_t Redactor::SettledLength(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  std::size_t settled = text.size();
  for (const std::string& value : values_) {
    for (std::size_t n = std::min(value.size() - 1, text.size()); n > text.size() - settled; --n) {
      if (text.ends_with(std::string_view(value).substr(0, n))) settled = text.size() - n;
    }
  }
  // A whole value that reaches over the cut must not be torn: cut before it.
  for (bool moved = true; moved;) {
    moved = false;
    for (const std::string& value : values_) {
      const std::size_t from = settled - std::min(settled, value.size() - 1);
      const std::size_t at = text.substr(0, std::min(text.size(), settled + value.size() - 1)).find(value, from);
      if (at < settled) {
        settled = at;
        moved = true;
      }
    }
  }
  return settled;
}

std::string StreamMask::Feed(std::string_view piece) {
  held_ += piece;
  if (!redactor_) return std::exchange(held_, {});
  const std::size_t settled = redactor_->SettledLength(held_);
  std::string shown = redactor_->Mask(std::string_view(held_).substr(0, settled));
  held_.erase(0, settled);
  return shown;
}

std::string StreamMask::Finish() {
  std::string rest = redactor_ ? redactor_->Mask(held_) : held_;
  held_.clear();
  return rest;
}

}  // namespace perch
