#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/failure.h"
#include "aws/retry.h"
#include "aws/sign.h"
#include "base/clock.h"
#include "net/remote.h"

namespace perch::aws {

/// A call as the services write it; Client adds host, signature and patience.
struct Call {
  Service service;
  std::string operation;  ///< "DescribeStacks"
  std::string method = "POST";
  std::string path = "/";  ///< escaped
  Query query;
  net::Headers headers;
  std::string body;
  std::string bucket;  ///< S3 only: goes into the host or the path
  bool sign = true;    ///< false: AssumeRoleWithWebIdentity
  std::size_t body_limit = 64 << 20;
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

/// One attempt, for `-v` and for counting: what was asked and how it ended. No secrets, no bodies.
struct CallRecord {
  std::string service, operation, host;
  int attempt = 1;
  int status = 0;    ///< 0 without an answer
  std::string code;  ///< AWS's, "" if it went well
};

/// Talks to AWS in one region. A copy shares credentials, clock skew and retry budget. Thread-safe.
class Client {
 public:
  struct Options {
    net::Transport* transport = nullptr;  ///< outlives the client
    std::shared_ptr<CredentialsSource> credentials;
    std::string region;
    Endpoints endpoints;
    Clock clock;
    Sleeper sleep = RealSleeper();
    Random random = RealRandom();
    RetryPolicy retry;
    std::function<void(const CallRecord&)> on_attempt;  ///< may be empty; called from any thread
  };
  explicit Client(Options options);

  /// Signs and sends, again where that may help (throttling, 5xx, no or a cut answer, a clock that is off, expired
  /// credentials), with full jitter under the client's budget. The answer has a status of 2xx. `read` looks whether the
  /// body is whole: an error of it counts as a cut answer. Blocks.
  Answer<net::RemoteResponse> Send(const Call& call,
                                   const std::function<Answer<void>(const net::RemoteResponse&)>& read = {}) const;

  const std::string& region() const { return region_; }
  /// "aws", "aws-cn"…
  std::string_view partition() const { return PartitionOf(region_).name; }
  /// The same client for another region.
  Client In(std::string region) const;
  /// The same client, stopped by `stop`.
  Client With(std::stop_token stop) const;
  /// A token for a call that must be done only once: 32 hexadecimal digits after a letter.
  static std::string NewToken();
  Time Now() const;  ///< this machine's, or AWS's once AWS refused a call because of the clock (5 minutes off)
  const std::stop_token& stop() const { return stop_; }
  bool Sleep(std::chrono::milliseconds time) const;

 private:
  struct Shared;
  struct Attempt;
  Answer<net::RemoteResponse> Try(const Call& call, Attempt& attempt,
                                  const std::function<Answer<void>(const net::RemoteResponse&)>& read) const;
  bool WaitForRetry(const Call& call, const Failure& failure, Attempt& attempt) const;
  bool Correct(const Failure& failure, Attempt& attempt) const;

  std::shared_ptr<Shared> shared_;
  std::string region_;
  std::stop_token stop_;
};

/// A header of an answer, any case; "" if absent.
std::string HeaderOf(const net::Headers& headers, std::string_view name);

}  // namespace perch::aws
