#pragma once

#include <expected>
#include <string>
#include <utility>

namespace perch {

/// What a caller can do about an error; the command line turns it into an exit code.
enum class ErrorKind {
  kFailed,       ///< It was tried and did not work (exit 1).
  kUsage,        ///< The command or perch.yaml is wrong (exit 2).
  kRefused,      ///< It would not be safe; nothing was done (exit 3).
  kSuperseded,   ///< A newer push took over (exit 4).
  kNotFound,     ///< The thing asked for is certainly not there (exit 1).
  kUnavailable,  ///< Could not be found out now: a time-out, a failed listing (exit 1). Never means "nothing there".
  kCancelled,    ///< Somebody stopped it (exit 1).
};

/// An error as a person reads it, in this order: what failed, where, why, what to do. Only `what` is always there.
struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string what;   ///< "cannot read perch.yaml"
  std::string where;  ///< a path, `file:line:col`, a URL, a branch
  std::string why;    ///< the cause, for example the system's message
  std::string hint;   ///< what to do about it, an imperative sentence

  /// All parts as one text, without a trailing newline: "what: where: why\n  hint".
  std::string Text() const;
};

/// A value or an Error. Ignoring one is a compiler warning.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(std::expected<T, Error> e) : std::expected<T, Error>(std::move(e)) {}
};
using Status = Result<void>;

/// `return Fail({.kind = ErrorKind::kUsage, .what = "..."});`
inline std::unexpected<Error> Fail(Error error) { return std::unexpected<Error>(std::move(error)); }

/// The same error with its `what` prefixed by what was being done: "while doing X: <what>".
std::unexpected<Error> Fail(Error error, std::string_view doing);

/// The system's text for an errno value, thread-safe.
std::string ErrnoText(int errno_value);

/// Exit codes of the perch program; a contract with other people's scripts.
enum class ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kRefused = 3, kSuperseded = 4 };
ExitCode ExitCodeFor(ErrorKind kind);

}  // namespace perch
