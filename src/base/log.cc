#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/text.h"

namespace perch {
namespace {

std::atomic<LogLevel> threshold = LogLevel::kWarning;
std::mutex redactor_mutex;
std::shared_ptr<const Redactor> redactor;

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "?";
}

std::shared_ptr<const Redactor> CurrentRedactor() {
  const std::lock_guard lock(redactor_mutex);
  return redactor;
}

}  // namespace

void Log(LogLevel level, std::string_view text) {
  if (level < threshold.load(std::memory_order_relaxed)) return;
  const auto mask = CurrentRedactor();
  const Time now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::string line = FormatTime(now) + " " + std::string(Name(level)) + " ";
  line += Printable(mask ? mask->Mask(text) : std::string(text));
  line += '\n';
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, line.data(), line.size());  // one write: lines never mix
}

void SetLogLevel(LogLevel level) { threshold = level; }

void SetLogRedactor(std::shared_ptr<const Redactor> new_redactor) {
  const std::lock_guard lock(redactor_mutex);
  redactor = std::move(new_redactor);
}

}  // namespace perch
