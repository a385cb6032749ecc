#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/source.h"

namespace perch::config {

/// One thing that is wrong in a configuration file.
struct Diagnostic {
  Source at;                       ///< where; line 0 when it concerns the whole file
  std::size_t width = 1;           ///< how many bytes the caret line marks
  std::string text;                ///< what is wrong, one line, no full stop
  std::string hint;                ///< what to do, or the nearest name; may be ""
  std::vector<std::string> trail;  ///< how one got there, for example the chain of `extends`; one line each
  bool conceal = false;            ///< the source line may hold a secret: it is not shown
};

/// Gathers what is wrong with one file, and is the one builder of every text about it.
class Diagnostics {
 public:
  /// `text` is the whole file; it must outlive this.
  Diagnostics(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

  /// After 1000 entries more are only counted.
  void Add(Diagnostic diagnostic);
  bool empty() const { return list_.empty(); }
  const std::string& file() const { return file_; }

  /// Sorted by position, without doubles.
  std::vector<Diagnostic> Sorted() const;

  /// All of it as one error (kUsage): each with its place, source line, caret, trail and hint, sorted by position; the
  /// first 20 in full, the others as a count.
  Error ToError() const;

 private:
  std::string Describe(const Diagnostic& diagnostic) const;

  std::string file_;
  std::string_view text_;
  std::vector<Diagnostic> list_;
  std::size_t dropped_ = 0;
};

/// Line `number` (from 1) of `text`, without its line end; "" when there is none.
std::string_view LineOf(std::string_view text, int number);

}  // namespace perch::config
