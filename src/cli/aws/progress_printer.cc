#include "cli/aws/progress_printer.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/output.h"
#include "engine/events.h"

namespace perch::cli {
namespace {

constexpr int kBarWidth = 20;
constexpr std::size_t kMostBusy = 3;
constexpr std::size_t kLongestStatus = 78;

}  // namespace

std::string ProgressBar(std::chrono::seconds took, std::chrono::seconds usually) {
  if (took.count() <= 0) return "";
  if (usually.count() <= 0) return FormatDuration(took);
  const std::int64_t filled = std::min<std::int64_t>(kBarWidth - 1, took.count() * kBarWidth / usually.count());
  return "[" + std::string(std::size_t(filled), '#') + std::string(std::size_t(kBarWidth - filled), '.') + "] " +
         FormatDuration(took) + " of about " + FormatDuration(usually);
}

ProgressPrinter::ProgressPrinter(bool json) : json_(json), redraws_(!json && UseColour()) {
  if (redraws_) redrawing_ = std::jthread([this](const std::stop_token& stop) { Redraw(stop); });
}

ProgressPrinter::~ProgressPrinter() {
  redrawing_.request_stop();
  if (redrawing_.joinable()) redrawing_.join();
  HideStatus();
}

void ProgressPrinter::Print(const std::string& line) {
  HideStatus();
  std::printf("%s\n", line.c_str());
  ShowStatus();
  std::fflush(stdout);
}

void ProgressPrinter::Line(const std::string& text) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  Print(text);
}

void ProgressPrinter::Tell(const Event& event) {
  // Why it failed is told once, at the end.
  const bool told_later = !json_ && event.kind == Event::Kind::kStageFailed;
  const std::string line = json_ ? engine::ToJson(event) : told_later ? "" : EventLine(event);
  const std::lock_guard lock(mutex_);
  const bool over = event.kind == Event::Kind::kStageFinished || event.kind == Event::Kind::kStageFailed ||
                    event.kind == Event::Kind::kDeleted;
  if (over) last_ = {};
  if (!line.empty()) {
    Print(line);
  } else if (over) {
    HideStatus();
  }
}

void ProgressPrinter::Progress(const beanstalk::DeployProgress& progress) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  last_ = progress;
  last_at_ = std::chrono::steady_clock::now();
  std::string line = "  " + Printable(progress.text);
  // Plain lines show it where something is done; a terminal has it in its last line.
  const std::string bar = redraws_ || progress.usually.count() <= 0 ? "" : ProgressBar(progress.took, progress.usually);
  Print(bar.empty() ? line : line + "  " + bar);
}

void ProgressPrinter::Output(std::string_view piece) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  pending_ += piece;
  for (std::size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1))
    Print("  | " + Printable(pending_.substr(0, end)));
}

void ProgressPrinter::HideStatus() {
  if (!shown_) return;
  std::printf("\r\x1b[K");
  std::fflush(stdout);
  shown_ = false;
}

void ProgressPrinter::ShowStatus() {
  if (!redraws_ || last_.text.empty() || last_.busy.empty()) return;
  const std::chrono::seconds since =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - last_at_);
  const std::string bar = ProgressBar(last_.took + since, last_.usually);
  if (bar.empty()) return;
  const std::vector<std::string> some(last_.busy.begin(),
                                      last_.busy.begin() + std::ptrdiff_t(std::min(last_.busy.size(), kMostBusy)));
  std::string status = "  " + bar + ", at " + Join(some, ", ");
  if (last_.busy.size() > kMostBusy) status += " and " + std::to_string(last_.busy.size() - kMostBusy) + " more";
  std::printf("%s", Shortened(Printable(status), kLongestStatus).c_str());
  std::fflush(stdout);
  shown_ = true;
}

void ProgressPrinter::Redraw(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; })) {
    if (stop.stop_requested()) return;
    HideStatus();
    ShowStatus();
  }
}

}  // namespace perch::cli
