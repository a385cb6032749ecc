#pragma once

#include <string>

#include "base/shared_text.h"

namespace perch {

/// A place in a file that a person wrote. Lines and columns start at 1; line 0 means "not from a file". Columns count
/// bytes.
struct Source {
  SharedText file;
  int line = 0;
  int column = 0;

  /// "perch.yaml:12:3", "perch.yaml" without a line, "" when unknown.
  std::string Text() const {
    return line == 0 ? file.str() : file + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  friend bool operator==(const Source&, const Source&) = default;
};

}  // namespace perch
