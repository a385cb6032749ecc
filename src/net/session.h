#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "net/head.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/workers.h"

namespace perch::net {

/// How long a client may take.
struct Timeouts {
  std::chrono::milliseconds header{10'000};    ///< from the first byte of a request to the end of its header
  std::chrono::milliseconds idle{60'000};      ///< between two requests
  std::chrono::milliseconds progress{60'000};  ///< between two pieces of a body, read or written
  std::chrono::milliseconds goodbye{2'000};    ///< for reading what a client still sends after a last answer
};

/// What all sessions of a server share; outlives them.
struct SessionConfig {
  HeadLimits limits;
  Timeouts timeouts;
  std::uint64_t handler_body_limit = 1 << 20;  ///< for what perch answers itself
  Clock clock;                                 ///< for the Date of perch's own answers; may be empty
  Workers* workers = nullptr;
  std::atomic<int>* open = nullptr;  ///< sessions alive; counted up by who makes one, down by the session
};

/// Who is at the other end.
struct Peer {
  std::string address;  ///< without port
  bool trusted = false;
};

/// One connection from a client: reads requests one after the other and lets `Serve` answer each. Lives on one loop;
/// owned by its coroutine.
class Session : public Loop::Watched, public std::enable_shared_from_this<Session> {
 public:
  Session(Loop& loop, Socket socket, const SessionConfig& config, Peer peer);
  ~Session() override;
  /// Begins; with a TLS context the handshake comes first.
  void Start(std::shared_ptr<asio::ssl::context> tls = nullptr);

  void Tick(SteadyTime now) override;
  void Close() override;

 protected:
  /// Answers the request in head(). Its views hold until something is read from the client. Sets keep_open(false) where
  /// the connection cannot go on.
  virtual Task<void> Serve() = 0;
  /// The client went away while it was watched (see WatchPeer).
  virtual void PeerIsGone() {}
  /// The last change to an answer of perch's own.
  virtual void Dress(Response& response) { (void)response; }

  Loop& loop() { return loop_; }
  Stream& stream() { return stream_; }
  Buffer& in() { return in_; }
  const RequestHead& head() const { return head_; }
  RequestReader& reader() { return reader_; }
  const SessionConfig& config() const { return config_; }
  const Peer& peer() const { return peer_; }
  bool keep_open() const { return keep_open_; }
  void set_keep_open(bool keep) { keep_open_ = keep; }
  bool closing() const { return closing_; }

  /// A copy of the head for those who live longer than the buffer.
  Request CopyRequest() const;
  /// Lets `handler` answer; reads the body first (413 when it is over the limit).
  Task<void> AnswerWith(Handler& handler);
  /// The same when the body was read or is not wanted.
  Task<void> AnswerWith(Handler& handler, Request request);
  /// Sends an answer. `to_head`: it answers a HEAD request.
  Task<void> Send(Response response, bool to_head);
  /// Says why the request is not taken; the connection ends with it.
  Task<void> Refuse(Refusal refusal);
  /// The rest of the request's body will not be read: the connection ends after the answer.
  void LeaveBodyUnread();
  /// Closes at once, so that the client sees an error.
  void Abort();
  /// Reads from the client with a deadline.
  Task<ReadResult> ReadMore(std::size_t want, std::chrono::milliseconds timeout);
  /// Writes to the client with a deadline.
  Task<error_code> WriteOut(Pieces pieces);
  /// Waits with a deadline until something can be written to the client; without TLS only.
  Task<error_code> WaitWritable();
  /// While it is on, the tick looks whether the client is still there.
  void WatchPeer(bool on) { watch_peer_ = on; }
  bool read_timed_out() const { return read_timed_out_; }

 private:
  class StreamSink;

  Task<void> Run(std::shared_ptr<asio::ssl::context> tls);
  Task<bool> ReadHead();
  Task<bool> ReadBody(std::string& body);
  Task<bool> SendStream(std::unique_ptr<BodyStream> body, bool chunked);
  Task<void> SayGoodbye();

  Loop& loop_;
  const SessionConfig& config_;
  Peer peer_;
  Stream stream_;
  Buffer in_;
  RequestReader reader_;
  RequestHead head_;
  std::string out_;
  Event wake_;  // a worker is done, or a stream has more
  std::shared_ptr<StreamSink> sink_;
  SteadyTime read_deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();
  bool read_timed_out_ = false;
  bool keep_open_ = true;
  bool closing_ = false;
  bool watch_peer_ = false;
  bool linger_ = false;
};

}  // namespace perch::net
