#pragma once

#include <memory>
#include <string_view>

#include "base/secret.h"

namespace perch {

/// perch's own log: one line an entry on standard error, "2026-11-22T16:55:54.123Z warning text", with secrets masked
/// and control characters escaped. Thread-safe; never throws. People's output does not go here.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

void Log(LogLevel level, std::string_view text);

/// Entries below `level` are dropped; the start value is kWarning.
void SetLogLevel(LogLevel level);

/// The secrets that every entry is masked with from now on; nullptr for none.
void SetLogRedactor(std::shared_ptr<const Redactor> redactor);

}  // namespace perch
