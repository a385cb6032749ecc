#include "config/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace perch::config {
namespace {

constexpr std::size_t kMostKept = 1000;
constexpr std::size_t kMostShown = 20;
constexpr std::size_t kWidestLine = 120;  // bytes of a source line that are shown

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

/// What of the line is shown, and which part of that the caret marks.
struct Window {
  std::string_view before, marked, after;
  bool cut_before = false, cut_after = false;
};

Window Around(std::string_view line, std::size_t column, std::size_t width) {
  const std::size_t begin = std::min(column, line.size());
  std::size_t from = begin > kWidestLine / 2 && line.size() > kWidestLine ? begin - kWidestLine / 2 : 0;
  while (from > 0 && !StartsCharacter(line[from])) --from;
  std::size_t to = std::min(line.size(), from + kWidestLine);
  while (to < line.size() && !StartsCharacter(line[to])) ++to;
  std::size_t end = std::min(std::max(begin + width, begin), to);
  while (end < to && !StartsCharacter(line[end])) ++end;
  return {line.substr(from, begin - from), line.substr(begin, end - begin), line.substr(end, to - end), from > 0,
          to < line.size()};
}

/// Columns that `text` takes on a terminal, near enough: one for each character, a tab as itself.
std::string Blank(std::string_view text) {
  std::string blank;
  for (const char c : text) {
    if (c == '\t') {
      blank += '\t';
    } else if (StartsCharacter(c)) {
      blank += ' ';
    }
  }
  return blank;
}

}  // namespace

std::string_view LineOf(std::string_view text, int number) {
  for (int line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

void Diagnostics::Add(Diagnostic diagnostic) {
  if (list_.size() >= kMostKept) {
    ++dropped_;
    return;
  }
  if (diagnostic.at.file.empty()) diagnostic.at.file = file_;
  list_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::Sorted() const {
  const auto place = [](const Diagnostic& d) { return std::tie(d.at.line, d.at.column, d.text); };
  const auto same = [](const Diagnostic& a, const Diagnostic& b) { return a.at == b.at && a.text == b.text; };
  std::vector<Diagnostic> sorted = list_;
  std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  return sorted;
}

std::string Diagnostics::Describe(const Diagnostic& diagnostic) const {
  std::string text = Printable(diagnostic.at.Text()) + ": " + Printable(diagnostic.text);
  const std::string_view line = diagnostic.conceal ? "" : LineOf(text_, diagnostic.at.line);
  if (diagnostic.at.line > 0 && !Trim(line).empty()) {
    const Window window = Around(line, std::size_t(diagnostic.at.column - 1), diagnostic.width);
    const std::string number = std::to_string(diagnostic.at.line);
    const std::string before = (window.cut_before ? "…" : "") + Printable(window.before);
    const std::string marked = Printable(window.marked);
    const std::size_t carets = std::max<std::size_t>(1, Blank(marked).size());
    text += "\n  " + number + " | " + before + marked + Printable(window.after) + (window.cut_after ? "…" : "");
    text += "\n  " + std::string(number.size(), ' ') + " | " + Blank(before) + std::string(carets, '^');
  }
  for (const std::string& step : diagnostic.trail) text += "\n  " + Printable(step);
  if (!diagnostic.hint.empty()) text += "\n  hint: " + Printable(diagnostic.hint);
  return text;
}

Error Diagnostics::ToError() const {
  const std::vector<Diagnostic> sorted = Sorted();
  Error error{.kind = ErrorKind::kUsage};
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostShown); ++i) {
    error.what += (i ? "\n" : "") + Describe(sorted[i]);
  }
  if (const std::size_t rest = sorted.size() + dropped_; rest > kMostShown) {
    error.what += "\n" + file_ + ": and " + std::to_string(rest - kMostShown) + " more";
  }
  return error;
}

}  // namespace perch::config
