#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "aws/client.h"

namespace perch::aws {

/// Answers from a list, one after the other, and remembers what was asked. Running out of answers is an error.
class FakeTransport : public net::Transport {
 public:
  using Reply = std::function<Result<net::RemoteResponse>(const net::RemoteRequest&)>;

  void Add(int status, std::string body = "", net::Headers headers = {}) {
    replies.push_back([=](const net::RemoteRequest&) -> Result<net::RemoteResponse> {
      return net::RemoteResponse{.status = status, .headers = headers, .body = body};
    });
  }
  void AddError(ErrorKind kind, std::string why) {
    replies.push_back([=](const net::RemoteRequest&) -> Result<net::RemoteResponse> {
      return Fail({.kind = kind, .what = "cannot ask", .why = why});
    });
  }

  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    if (replies.empty()) return Fail({.kind = ErrorKind::kFailed, .what = "no more answers", .why = "no more answers"});
    const Reply reply = replies.front();
    replies.pop_front();
    return reply(request);
  }

  std::deque<Reply> replies;
  std::vector<net::RemoteRequest> requests;

 private:
  std::mutex mutex_;
};

/// Credentials that count.
class CountingCredentials : public CredentialsSource {
 public:
  Result<Credentials> Get(std::stop_token) override {
    return Credentials{.access_key_id = "KEY" + std::to_string(generation), .secret_access_key = Secret("the-secret")};
  }
  void Forget(const std::string& id) override {
    if (id == "KEY" + std::to_string(generation)) ++generation;
  }
  int generation = 1;
};

/// A client whose time passes only by waiting, and whose jitter is always the longest.
struct TestWorld {
  FakeTransport transport;
  std::shared_ptr<CountingCredentials> credentials = std::make_shared<CountingCredentials>();
  Time now = *ParseTime("2026-11-22T12:00:00Z");
  std::vector<std::chrono::milliseconds> waits;
  RetryPolicy retry;
  std::vector<CallRecord> records;

  Client MakeClient() {
    return Client({.transport = &transport,
                   .credentials = credentials,
                   .region = "eu-central-1",
                   .clock = [this] { return now; },
                   .sleep =
                       [this](std::chrono::milliseconds time, const std::stop_token& stop) {
                         waits.push_back(time);
                         now += time;
                         return !stop.stop_requested();
                       },
                   .random = [] { return 1.0; },
                   .retry = retry,
                   .on_attempt = [this](const CallRecord& record) { records.push_back(record); }});
  }
};

/// An error as the query protocol has it.
inline std::string QueryError(const std::string& code, const std::string& message) {
  return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message +
         "</Message></Error><RequestId>req-1</RequestId></ErrorResponse>";
}

}  // namespace perch::aws
