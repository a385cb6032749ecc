#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace perch::cli {

/// One thing that `perch doctor` looked at.
struct Finding {
  enum class Grade { kGood, kNote, kBad };
  Grade grade;
  std::string what;  ///< "disk"
  std::string text;  ///< what was found; may have several lines
  std::string hint;  ///< what to do about it
};

Finding Good(std::string what, std::string text);
Finding Note(std::string what, std::string text, std::string hint);
Finding Bad(std::string what, std::string text, std::string hint);
Finding Bad(std::string what, const Error& error);

/// Prints them, as lines or as a JSON list of {check, grade, text, hint}, and gives the exit code: 1 when one is bad.
int ReportFindings(const std::vector<Finding>& findings, bool json);

}  // namespace perch::cli
