#include "aws/failure.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace perch::aws {
namespace {

// botocore's retry rules (retries/standard.py and _retry.json), and the texts older services use in place of a code.
constexpr std::array<std::string_view, 14> kThrottled = {"Throttling",
                                                         "ThrottlingException",
                                                         "ThrottledException",
                                                         "RequestThrottled",
                                                         "RequestThrottledException",
                                                         "TooManyRequestsException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "PriorRequestNotComplete",
                                                         "SlowDown",
                                                         "EC2ThrottledException",
                                                         "ProvisionedThroughputExceededException",
                                                         "TooManyRequests",
                                                         "TransactionInProgressException"};
constexpr std::array<std::string_view, 9> kPassing = {
    "InternalError",           "InternalFailure",         "InternalServerError",
    "InternalServiceError",    "ServiceUnavailable",      "RequestTimeout",
    "RequestTimeoutException", "InternalServerException", "ServiceUnavailableException"};
constexpr std::array<std::string_view, 10> kNoPermission = {"AccessDenied",          "AccessDeniedException",
                                                            "UnauthorizedOperation", "AuthorizationError",
                                                            "UnauthorizedException", "InsufficientPrivilegesException",
                                                            "AllAccessDisabled",     "NotAuthorized",
                                                            "OptInRequired",         "AccountProblem"};
constexpr std::array<std::string_view, 11> kCredentials = {"InvalidClientTokenId",
                                                           "UnrecognizedClientException",
                                                           "SignatureDoesNotMatch",
                                                           "InvalidAccessKeyId",
                                                           "AuthFailure",
                                                           "InvalidSignatureException",
                                                           "MissingAuthenticationToken",
                                                           "MissingAuthenticationTokenException",
                                                           "IncompleteSignature",
                                                           "InvalidToken",
                                                           "IncompleteSignatureException"};
constexpr std::array<std::string_view, 5> kExpired = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
                                                      "RequestExpiredToken", "ExpiredTokenId"};
constexpr std::array<std::string_view, 4> kClock = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
                                                    "RequestNotYetValid"};
constexpr std::array<std::string_view, 15> kConflict = {"OperationInProgressException",
                                                        "OperationInProgress",
                                                        "InvalidChangeSetStatus",
                                                        "TokenAlreadyExistsException",
                                                        "OperationAborted",
                                                        "ConflictException",
                                                        "BucketNotEmpty",
                                                        "RepositoryNotEmptyException",
                                                        "InvalidDBInstanceState",
                                                        "InvalidDBSnapshotState",
                                                        "SourceBundleDeletionFailure",
                                                        "OperationInProgressFailure",
                                                        "ConditionalRequestConflict",
                                                        "ResourceConflictException",
                                                        "ResourceInUseException"};

template <std::size_t n>
bool Has(const std::array<std::string_view, n>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool SaysNotThere(std::string_view code, std::string_view message) {
  if (code.starts_with("NoSuch") || Contains(code, "NotFound") || Contains(code, "DoesNotExist")) return true;
  if (message.starts_with("S3 error")) return false;  // a template's URL: the stack may well be there
  // CloudFormation and Beanstalk have no code of their own for it.
  if (code != "ValidationError" && code != "InvalidParameterValue" && code != "ValidationException") return false;
  return Contains(message, "does not exist") || message.starts_with("No Environment found") ||
         message.starts_with("No Application") || message.starts_with("No Platform");
}

bool SaysConflict(std::string_view code, std::string_view message) {
  if (Has(kConflict, code) || Contains(code, "InUse")) return true;
  if (code != "ValidationError" && code != "InvalidParameterValue" && code != "InvalidParameterCombination")
    return false;
  return Contains(message, "_IN_PROGRESS") || Contains(message, " state and can not be") ||
         Contains(message, "is in an invalid state") ||
         Contains(message, "already exists and cannot be created again") ||
         Contains(message, "cannot be called from current stack status");
}

/// "User: A is not authorized to perform: B on resource: C because …".
void FindPermission(Failure& failure) {
  const auto word_after = [&](std::string_view mark) -> std::string {
    const std::size_t at = failure.message.find(mark);
    if (at == std::string::npos) return "";
    std::string_view rest = std::string_view(failure.message).substr(at + mark.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    rest = rest.substr(0, rest.find_first_of(" ,\n"));
    while (rest.ends_with('.')) rest.remove_suffix(1);
    return std::string(rest.starts_with('"') && rest.size() > 2 ? rest.substr(1, rest.size() - 2) : rest);
  };
  failure.action = word_after("not authorized to perform:");
  failure.resource = word_after("on resource:");
}

std::string HintFor(const Failure& failure) {
  switch (failure.cause) {
    case Cause::kThrottled:
      return "AWS limits how often it may be asked; run it again in a minute.";
    case Cause::kServer:
    case Cause::kNoConnection:
      return "Run it again; if it stays, look at AWS's health page and at this machine's network.";
    case Cause::kNoPermission:
      if (failure.action.empty())
        return "Give the user or role the permission; `perch doctor --policy` prints what perch needs.";
      return "Allow " + failure.action + (failure.resource.empty() ? "" : " on " + failure.resource) +
             "; `perch doctor --policy` prints what perch needs.";
    case Cause::kCredentials:
      return "Check the access key: `aws sts get-caller-identity` asks AWS who it belongs to.";
    case Cause::kExpired:
      return "Get new credentials (for example `aws sso login`) and run it again.";
    case Cause::kClock:
      return "Set this machine's clock; AWS takes requests within 5 minutes of its own time.";
    case Cause::kTerminationProtected:
      return "Take the stack's termination protection off first, if it really shall go.";
    case Cause::kOtherRegion:
      return failure.region.empty() ? "The bucket is in another region." : "The bucket is in " + failure.region + ".";
    default:
      return "";
  }
}

}  // namespace

void Classify(Failure& failure) {
  const std::string_view code = failure.code;
  const std::string_view message = failure.message;
  const auto set = [&](Outcome outcome, Cause cause) {
    failure.outcome = outcome;
    failure.cause = cause;
  };
  if (Has(kThrottled, code) || message.starts_with("Rate exceeded") || failure.status == 429) {
    return set(Outcome::kRetry, Cause::kThrottled);
  }
  if (Has(kClock, code)) return set(Outcome::kRefused, Cause::kClock);
  if (Has(kExpired, code)) return set(Outcome::kRefused, Cause::kExpired);
  if (Has(kCredentials, code)) return set(Outcome::kRefused, Cause::kCredentials);
  if (Has(kNoPermission, code) || Contains(message, "not authorized to perform")) {
    set(Outcome::kRefused, Cause::kNoPermission);
    return FindPermission(failure);
  }
  if (Has(kPassing, code) || failure.status == 500 || failure.status >= 502)
    return set(Outcome::kRetry, Cause::kServer);
  if (code == "PreconditionFailed" || failure.status == 412) return set(Outcome::kConflict, Cause::kPrecondition);
  if (Contains(message, "TerminationProtection")) return set(Outcome::kRefused, Cause::kTerminationProtected);
  if (code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "TemporaryRedirect" ||
      code == "IllegalLocationConstraintException" || failure.status == 301 || failure.status == 307) {
    return set(Outcome::kFatal, Cause::kOtherRegion);
  }
  if (code == "NoSuchBucket") return set(Outcome::kNotFound, Cause::kNoBucket);
  if (SaysNotThere(code, message)) return set(Outcome::kNotFound, Cause::kOther);
  if (Contains(code, "AlreadyExist") || code == "BucketAlreadyOwnedByYou")
    return set(Outcome::kConflict, Cause::kExists);
  if (SaysConflict(code, message) || failure.status == 409) return set(Outcome::kConflict, Cause::kOther);
  if (failure.status == 404 && !code.empty()) return set(Outcome::kNotFound, Cause::kOther);
  if (failure.status == 401 || failure.status == 403) return set(Outcome::kRefused, Cause::kNoPermission);
  set(Outcome::kFatal, Cause::kOther);
}

Failure::operator Error() const {
  Error error;
  error.what = service.empty() ? "AWS's answer is of no use" : service + " did not do " + operation;
  error.where = where;
  error.why = code.empty() ? Printable(message) : Printable(code) + (message.empty() ? "" : ": " + Printable(message));
  if (error.why.empty() && status != 0) error.why = "HTTP status " + std::to_string(status);
  if (attempts > 1) error.why += " (tried " + std::to_string(attempts) + " times)";
  if (!request_id.empty()) error.why += " (request " + Printable(request_id) + ")";
  error.hint = hint.empty() ? Printable(HintFor(*this)) : hint;
  if (cause == Cause::kStopped)
    error.kind = ErrorKind::kCancelled;
  else if (outcome == Outcome::kRetry)
    error.kind = ErrorKind::kUnavailable;
  else if (outcome == Outcome::kNotFound)
    error.kind = ErrorKind::kNotFound;
  return error;
}

}  // namespace perch::aws
