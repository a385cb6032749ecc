#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch {

/// A value that must never be shown. It has no formatter and no comparison; whoever needs the text says Reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

/// Replaces known secret values in texts by "***". Thread-safe. Values shorter than 4 bytes are not masked: they would
/// tear holes into every text.
class Redactor {
 public:
  void Add(const Secret& secret);
  std::string Mask(std::string_view text) const;
  /// The length of the longest known value; a stream masked in pieces must keep back one byte less than this.
  std::size_t LongestValue() const;
  /// How many of the first bytes of `text` may be masked and shown without waiting for the next piece: the rest could
  /// be the beginning of a value.
  std::size_t SettledLength(std::string_view text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> values_;  // longest first, so that a value holding another is masked whole
};

/// Masks a stream that arrives in pieces: a secret cut by a piece's end is still found.
class StreamMask {
 public:
  explicit StreamMask(std::shared_ptr<const Redactor> redactor) : redactor_(std::move(redactor)) {}
  /// What of the stream so far may be shown now.
  std::string Feed(std::string_view piece);
  /// The rest, when the stream has ended.
  std::string Finish();

 private:
  std::shared_ptr<const Redactor> redactor_;
  std::string held_;
};

}  // namespace perch
