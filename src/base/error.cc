#include "base/error.h"

#include <system_error>

namespace perch {

std::string Error::Text() const {
  std::string text = what;
  for (const std::string* part : {&where, &why}) {
    if (!part->empty()) text += ": " + *part;
  }
  if (!hint.empty()) text += "\n  " + hint;
  return text;
}

std::unexpected<Error> Fail(Error error, std::string_view doing) {
  error.what = std::string(doing) + ": " + error.what;
  return std::unexpected<Error>(std::move(error));
}

std::string ErrnoText(int errno_value) { return std::generic_category().message(errno_value); }

ExitCode ExitCodeFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return ExitCode::kUsage;
    case ErrorKind::kRefused:
      return ExitCode::kRefused;
    case ErrorKind::kSuperseded:
      return ExitCode::kSuperseded;
    case ErrorKind::kFailed:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnavailable:
    case ErrorKind::kCancelled:
      return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

}  // namespace perch
