#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace perch::aws {

/// What a failed call means for whoever made it; decided here once, so that nobody above reads an AWS error string.
enum class Outcome {
  kRetry,     ///< could not be found out now; it was tried as often as it may be. Never means "nothing there"
  kNotFound,  ///< the thing named is certainly not there
  kRefused,   ///< AWS does not let us: permission, credentials, termination protection
  kConflict,  ///< the thing is in a state, or of a version, that does not allow it: look again
  kFatal,     ///< the request is wrong, or the answer can't be understood: asking again will not help
};

/// Why, where something else is to be done about it.
enum class Cause {
  kOther,
  kThrottled,             ///< AWS asks to slow down
  kServer,                ///< AWS's own failure (5xx)
  kNoConnection,          ///< no answer, or a cut one: the call may have been done
  kStopped,               ///< our own stop
  kNoPermission,          ///< `action` and `resource` say for what
  kCredentials,           ///< none found, unknown or wrong ones
  kExpired,               ///< they have expired
  kClock,                 ///< this machine's clock is off
  kTerminationProtected,  ///< a stack with termination protection
  kPrecondition,          ///< If-Match or If-None-Match did not hold
  kOtherRegion,           ///< the bucket is in another region: `region`
  kNoBucket,              ///< the bucket itself is missing, not only a key in it
  kExists,                ///< it is there already
};

/// A failed call. Holds no secrets.
struct Failure {
  Outcome outcome = Outcome::kFatal;
  Cause cause = Cause::kOther;
  std::string service;    ///< "CloudFormation"
  std::string operation;  ///< "DescribeStacks"
  std::string where;      ///< the region or host asked
  int status = 0;         ///< of HTTP; 0 without an answer
  std::string code;       ///< AWS's: "ValidationError"; for people
  std::string message;    ///< AWS's; for people
  std::string request_id;
  std::string action;    ///< "s3:ListBucket", when permission is missing
  std::string resource;  ///< an ARN, when permission is missing and AWS says it
  std::string region;    ///< where the bucket is, for kOtherRegion
  int attempts = 0;      ///< how often it was sent
  std::string hint;      ///< what to do, where that is known better than by cause

  /// As a person reads it.
  operator Error() const;  // NOLINT: so that Fail(answer.error()) reads as everywhere else
};

/// What a call answers. Ignoring one is a compiler warning.
template <typename T>
class [[nodiscard]] Answer : public std::expected<T, Failure> {
 public:
  using std::expected<T, Failure>::expected;
  Answer(std::expected<T, Failure> e) : std::expected<T, Failure>(std::move(e)) {}
};

inline std::unexpected<Failure> Failed(Failure failure) { return std::unexpected<Failure>(std::move(failure)); }

/// An answer as a Result: the failure becomes an Error.
template <typename T>
Result<T> ToResult(Answer<T> answer) {
  if (!answer) return Fail(Error(answer.error()));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*answer);
}

/// Sets outcome, cause, action and resource from status, code and message. Pure.
void Classify(Failure& failure);

}  // namespace perch::aws
