#include "aws/client.h"

#include <algorithm>
#include <atomic>

#include "aws/error_body.h"
#include "aws/times.h"
#include "base/digest.h"
#include "base/text.h"

namespace perch::aws {
namespace {

using std::chrono::milliseconds;

// AWS takes requests within 5 minutes; less is no reason to correct a clock.
constexpr milliseconds kSkewThatMatters = std::chrono::minutes(4);

HttpRequest Address(const Call& call, const Endpoint& endpoint) {
  HttpRequest request{.method = call.method,
                      .scheme = endpoint.scheme,
                      .host = endpoint.host,
                      .path = endpoint.prefix + call.path,
                      .query = call.query,
                      .headers = call.headers,
                      .body = call.body};
  if (call.bucket.empty()) return request;
  // A peer on this machine has no names for buckets.
  if (!endpoint.overridden && FitsHostName(call.bucket))
    request.host = call.bucket + "." + endpoint.host;
  else
    request.path = endpoint.prefix + "/" + call.bucket + call.path;
  return request;
}

Failure FromTransport(const Error& error) {
  Failure failure{.message = error.why};
  switch (error.kind) {
    case ErrorKind::kUnavailable:
      failure.outcome = Outcome::kRetry;
      failure.cause = Cause::kNoConnection;
      break;
    case ErrorKind::kCancelled:
      failure.outcome = Outcome::kRetry;
      failure.cause = Cause::kStopped;
      break;
    default:
      failure.hint = error.hint;
  }
  return failure;
}

}  // namespace

struct Client::Shared {
  explicit Shared(Options given) : options(std::move(given)), retries(options.retry.budget) {}
  Options options;
  RetryState retries;
  std::atomic<std::int64_t> skew_ms = 0;  // AWS's clock less ours
};

/// What one call has gone through so far.
struct Client::Attempt {
  int number = 1;
  Time deadline;
  bool clock_corrected = false, refreshed = false;
  int borrowed = 0;  // tokens of the budget, given back if it goes well
  std::string access_key_id;
  Time sent_at;                    // with skew
  std::optional<Time> their_time;  // of the answer's Date
  milliseconds retry_after{0};
};

Client::Client(Options options) : shared_(std::make_shared<Shared>(std::move(options))) {
  region_ = shared_->options.region;
}

Client Client::In(std::string region) const {
  Client other = *this;
  other.region_ = std::move(region);
  return other;
}

Client Client::With(std::stop_token stop) const {
  Client other = *this;
  other.stop_ = std::move(stop);
  return other;
}

std::string Client::NewToken() { return "p" + RandomHex(16); }

Time Client::Now() const { return shared_->options.clock() + milliseconds(shared_->skew_ms); }

bool Client::Sleep(milliseconds time) const { return shared_->options.sleep(time, stop_); }

Answer<net::RemoteResponse> Client::Try(const Call& call, Attempt& attempt,
                                        const std::function<Answer<void>(const net::RemoteResponse&)>& read) const {
  const Options& options = shared_->options;
  if (!IsRegion(region_)) return Failed({.message = "'" + Printable(region_) + "' is no region's name"});
  const Endpoint endpoint = options.endpoints.Of(call.service, region_);
  HttpRequest request = Address(call, endpoint);

  attempt.sent_at = options.clock() + milliseconds(shared_->skew_ms);
  if (call.sign) {
    Result<Credentials> credentials = options.credentials->Get(stop_);
    if (!credentials) {
      const bool stopped = credentials.error().kind == ErrorKind::kCancelled;
      return Failed({.outcome = stopped ? Outcome::kRetry : Outcome::kRefused,
                     .cause = stopped ? Cause::kStopped : Cause::kCredentials,
                     .message = credentials.error().what +
                                (credentials.error().where.empty() ? "" : ": " + credentials.error().where) +
                                (credentials.error().why.empty() ? "" : ": " + credentials.error().why),
                     .hint = credentials.error().hint});
    }
    attempt.access_key_id = credentials->access_key_id;
    const SigningScope scope{.region = endpoint.region,
                             .service = std::string(FactsOf(call.service).signing_name),
                             .s3 = call.service == Service::kS3};
    Sign(request, *credentials, scope, attempt.sent_at);
  }
  request.headers.emplace_back("User-Agent", "perch");

  Result<net::RemoteResponse> response = options.transport->Send({.method = request.method,
                                                                  .url = request.Url(),
                                                                  .headers = request.headers,
                                                                  .body = request.body,
                                                                  .timeout = call.timeout,
                                                                  .body_limit = call.body_limit},
                                                                 stop_);
  CallRecord record{.service = std::string(FactsOf(call.service).name),
                    .operation = call.operation,
                    .host = request.host,
                    .attempt = attempt.number};
  Answer<net::RemoteResponse> answer = [&]() -> Answer<net::RemoteResponse> {
    if (!response) return Failed(FromTransport(response.error()));
    record.status = response->status;
    attempt.their_time = ParseHttpDate(HeaderOf(response->headers, "Date"));
    if (std::optional<std::uint64_t> seconds = ParseNumber(HeaderOf(response->headers, "Retry-After"))) {
      attempt.retry_after =
          std::min(milliseconds(std::min<std::uint64_t>(*seconds, 3600) * 1000), options.retry.longest_delay);
    }
    if (response->status < 200 || response->status > 299 || IsErrorDespiteStatus(call.service, *response)) {
      return Failed(ReadFailure(call.service, *response));
    }
    if (read) {
      if (Answer<void> whole = read(*response); !whole) return Failed(whole.error());
    }
    return std::move(*response);
  }();
  if (!answer) {
    record.code = answer.error().code;
    answer.error().where = request.host;
  }
  if (options.on_attempt) options.on_attempt(record);
  return answer;
}

/// A failure that goes away at once by changing what was wrong on our side: each only once a call.
bool Client::Correct(const Failure& failure, Attempt& attempt) const {
  const bool about_credentials = failure.cause == Cause::kClock || failure.cause == Cause::kCredentials ||
                                 failure.cause == Cause::kExpired || failure.cause == Cause::kNoPermission;
  if (about_credentials && attempt.their_time && !attempt.clock_corrected) {
    const milliseconds off = *attempt.their_time - attempt.sent_at;
    if (off > kSkewThatMatters || off < -kSkewThatMatters) {
      attempt.clock_corrected = true;
      shared_->skew_ms = (*attempt.their_time - shared_->options.clock()).count();
      return true;
    }
  }
  if (failure.cause == Cause::kExpired && !attempt.refreshed) {
    attempt.refreshed = true;
    shared_->options.credentials->Forget(attempt.access_key_id);
    return true;
  }
  return false;
}

bool Client::WaitForRetry(const Call& call, const Failure& failure, Attempt& attempt) const {
  const RetryPolicy& policy = shared_->options.retry;
  if (failure.outcome != Outcome::kRetry || failure.cause == Cause::kStopped) return false;
  if (attempt.number >= policy.max_attempts || !shared_->retries.Take(policy.retry_cost)) return false;
  attempt.borrowed += policy.retry_cost;

  const bool throttled = failure.cause == Cause::kThrottled;
  const milliseconds jittered = RetryDelay(policy, attempt.number + 1, throttled, shared_->options.random());
  const milliseconds delay = std::max(jittered, attempt.retry_after);
  attempt.retry_after = milliseconds(0);
  const Time now = shared_->options.clock();
  if (throttled) shared_->retries.SlowDown(call.service, now + delay);
  return now + delay < attempt.deadline && shared_->options.sleep(delay, stop_);
}

Answer<net::RemoteResponse> Client::Send(const Call& call,
                                         const std::function<Answer<void>(const net::RemoteResponse&)>& read) const {
  const Options& options = shared_->options;
  Attempt attempt{.deadline = options.clock() + options.retry.deadline};
  while (true) {
    // Others were told to slow down: that holds for this call too.
    const milliseconds wait = shared_->retries.NotBefore(call.service) - options.clock();
    Answer<net::RemoteResponse> answer =
        Failed({.outcome = Outcome::kRetry, .cause = Cause::kStopped, .message = "it was stopped"});
    if (!stop_.stop_requested() && (wait <= milliseconds(0) || options.sleep(wait, stop_))) {
      answer = Try(call, attempt, read);
    }
    if (answer) {
      shared_->retries.GiveBack(std::max(1, attempt.borrowed));
      return answer;
    }
    const bool again = Correct(answer.error(), attempt) || WaitForRetry(call, answer.error(), attempt);
    if (!again) {
      Failure& failure = answer.error();
      failure.service = FactsOf(call.service).name;
      failure.operation = call.operation;
      failure.attempts = attempt.number;
      if (failure.where.empty()) failure.where = region_;
      if (stop_.stop_requested() && failure.outcome == Outcome::kRetry) failure.cause = Cause::kStopped;
      return answer;
    }
    ++attempt.number;
  }
}

std::string HeaderOf(const net::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

}  // namespace perch::aws
