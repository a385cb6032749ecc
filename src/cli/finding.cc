#include "cli/finding.h"

#include <cstdio>
#include <utility>

#include "base/text.h"
#include "base/value.h"

namespace perch::cli {
namespace {

const char* Mark(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::kGood:
      return "ok";
    case Finding::Grade::kNote:
      return "note";
    case Finding::Grade::kBad:
      return "BAD";
  }
  return "?";
}

void PrintJson(const std::vector<Finding>& findings) {
  std::string json;
  for (const Finding& finding : findings) {
    json += json.empty() ? "[" : ",";
    json += "{\"check\":" + JsonString(finding.what) + ",\"grade\":" + JsonString(ToLower(Mark(finding.grade))) +
            ",\"text\":" + JsonString(finding.text) + ",\"hint\":" + JsonString(finding.hint) + "}";
  }
  std::printf("%s]\n", json.c_str());
}

void PrintText(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    std::printf("%-4s  %s: ", Mark(finding.grade), finding.what.c_str());
    bool first = true;
    for (const std::string& line : Lines(finding.text)) {
      std::printf("%s%s\n", first ? "" : "      ", Printable(line).c_str());
      first = false;
    }
    for (const std::string& line : Lines(finding.hint)) std::printf("      %s\n", Printable(line).c_str());
  }
}

}  // namespace

Finding Good(std::string what, std::string text) {
  return {Finding::Grade::kGood, std::move(what), std::move(text), ""};
}

Finding Note(std::string what, std::string text, std::string hint) {
  return {Finding::Grade::kNote, std::move(what), std::move(text), std::move(hint)};
}

Finding Bad(std::string what, std::string text, std::string hint) {
  return {Finding::Grade::kBad, std::move(what), std::move(text), std::move(hint)};
}

Finding Bad(std::string what, const Error& error) {
  Error short_error = error;
  std::string hint = std::exchange(short_error.hint, "");
  return Bad(std::move(what), short_error.Text(), std::move(hint));
}

int ReportFindings(const std::vector<Finding>& findings, bool json) {
  json ? PrintJson(findings) : PrintText(findings);
  for (const Finding& finding : findings) {
    if (finding.grade == Finding::Grade::kBad) return static_cast<int>(ExitCode::kFailed);
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace perch::cli
