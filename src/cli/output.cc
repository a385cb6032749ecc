#include "cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/text.h"
#include "web/answers.h"

namespace perch::cli {
namespace {

constexpr std::size_t kBranchColumn = 24, kLongestBranch = 60;

/// Characters shown: UTF-8 continuation bytes and colour codes count nothing.
std::size_t Width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

/// Printable lines, all but the first indented so that none can pass for another branch's.
std::string Indented(const std::string& text) {
  std::string lines;
  for (const std::string& line : Lines(text)) {
    if (!lines.empty()) lines.append("\n").append(kBranchColumn + 1, ' ');
    lines += Printable(line);
  }
  return lines;
}

std::string_view StageInWords(Stage stage) {
  switch (stage) {
    case Stage::kCheckout:
      return "checked out";
    case Stage::kBuild:
      return "built";
    case Stage::kTest:
      return "tests passed";
    case Stage::kRelease:
      return "release step done";
    case Stage::kSeed:
      return "test data in place";
    case Stage::kStart:
      return "started";
    case Stage::kHealth:
      return "healthy";
    case Stage::kSwitch:
      return "link switched";
    case Stage::kRetire:
      return "old release ended";
  }
  return "";
}

}  // namespace

bool UseColour() {
  static const bool use = [] {
    const char* term = std::getenv("TERM");
    return isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR") && term && std::string_view(term) != "dumb";
  }();
  return use;
}

std::string ColouredState(State state) {
  const std::string name(StateName(state));
  if (!UseColour()) return name;
  const char* code = "36";
  if (state == State::kReady) code = "32";
  if (state == State::kFailed) code = "31";
  if (state == State::kSkipped || state == State::kStopped || state == State::kGone || state == State::kAsleep)
    code = "90";
  return "\x1b[" + std::string(code) + "m" + name + "\x1b[0m";
}

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string Shortened(const std::string& text, std::size_t longest) {
  std::size_t characters = 0, cut = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (characters + 1 == longest) cut = i;
    if (++characters > longest) return text.substr(0, cut) + "…";
  }
  return text;
}

std::string InOneLine(const std::string& text) {
  const std::size_t end = text.find('\n');
  return Printable(text.substr(0, end)) + (end == std::string::npos || end + 1 == text.size() ? "" : " …");
}

std::string EventLine(const Event& event) {
  std::string branch = event.branch.empty() ? "perch" : Shortened(Printable(event.branch), kLongestBranch);
  branch.append(kBranchColumn - std::min(kBranchColumn, Width(branch)), ' ');
  const std::string took = FormatDuration(event.took);
  const std::string text = Indented(event.text);
  switch (event.kind) {
    case Event::Kind::kStageFinished:
      if (event.stage == Stage::kStart || event.stage == Stage::kSwitch || event.stage == Stage::kRetire) return "";
      return branch + " " + std::string(event.stage ? StageInWords(*event.stage) : "") + " (" + took + ")";
    case Event::Kind::kStageFailed:
      return branch + " " + (text.empty() ? std::string(event.stage ? StageName(*event.stage) : "") + " failed" : text);
    case Event::Kind::kSwitched:
      return branch + " ready at " + event.commit.substr(0, 7) + ", " + took + " after it was noticed";
    case Event::Kind::kDeleted:
      return branch + " gone";
    case Event::Kind::kRefused:
      return branch + " refused: " + text;
    case Event::Kind::kNotice:
      return branch + " " + text;
    case Event::Kind::kState:
      if (event.state == State::kSkipped || event.state == State::kHeld || event.state == State::kStopped ||
          event.state == State::kFailed || event.state == State::kDeleting) {
        return branch + " " + std::string(StateName(*event.state)) + (text.empty() ? "" : ": " + text);
      }
      return "";
    case Event::Kind::kStageStarted:
      return "";
  }
  return "";
}

int Report(const Error& error, bool json) {
  if (json) {
    std::printf("%s\n", ("{\"error\":" + web::ErrorJson(error) + "}").c_str());
  } else {
    std::string safe;
    for (const std::string& line : Lines(error.Text())) safe += Printable(line) + "\n";
    std::fprintf(stderr, "perch: %s", safe.c_str());
  }
  return static_cast<int>(ExitCodeFor(error.kind));
}

}  // namespace perch::cli
