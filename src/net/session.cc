#include "net/session.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <mutex>

#include "base/log.h"

namespace perch::net {
namespace http = boost::beast::http;
namespace {

constexpr std::size_t kFirstRead = 4 << 10;
constexpr std::size_t kBodyRead = 16 << 10;
constexpr std::size_t kMostWaitingForClient = 4 << 20;
constexpr std::size_t kMostReadAtGoodbye = 1 << 20;

bool HasBareLineFeed(std::string_view bytes) {
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return true;
  }
  return false;
}

std::string HttpDate(Time now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string ChunkLine(std::size_t size) {
  char text[18];
  char* const end = std::to_chars(text, text + 16, size, 16).ptr;
  return std::string(text, end) + "\r\n";
}

bool IsSafeField(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string StatusLine(int status) { return std::to_string(status) + " " + std::string(ReasonPhrase(status)); }

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

// What a BodyStream writes into, from any thread; emptied by the session on its loop.
class Session::StreamSink : public std::enable_shared_from_this<StreamSink> {
 public:
  explicit StreamSink(std::weak_ptr<Session> session, asio::io_context& context)
      : session_(std::move(session)), context_(&context) {}

  bool Write(std::string piece) {
    const std::lock_guard lock(mutex_);
    if (gone_ || ended_ || waiting_.size() + piece.size() > kMostWaitingForClient) return false;
    waiting_ += piece;
    Notify();
    return true;
  }

  void End() {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    ended_ = true;
    Notify();
  }

  // After this nothing touches the loop any more.
  void Detach() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    waiting_.clear();
  }

  bool Take(std::string& into) {
    const std::lock_guard lock(mutex_);
    notified_ = false;
    into.clear();
    into.swap(waiting_);
    return ended_;
  }

 private:
  void Notify() {
    if (notified_) return;
    notified_ = true;
    asio::post(*context_, [session = session_] {
      if (const std::shared_ptr<Session> alive = session.lock()) alive->wake_.Set();
    });
  }

  std::mutex mutex_;
  std::weak_ptr<Session> session_;
  asio::io_context* context_;
  std::string waiting_;
  bool notified_ = false;
  bool ended_ = false;
  bool gone_ = false;
};

Session::Session(Loop& loop, Socket socket, const SessionConfig& config, Peer peer)
    : Loop::Watched(loop),
      loop_(loop),
      config_(config),
      peer_(std::move(peer)),
      stream_(std::move(socket)),
      wake_(loop.executor()) {
  head_.fields.reserve(24);
}

Session::~Session() {
  if (config_.open) config_.open->fetch_sub(1, std::memory_order_relaxed);
}

void Session::Start(std::shared_ptr<asio::ssl::context> tls) {
  asio::co_spawn(
      loop_.executor(),
      [self = shared_from_this(), tls = std::move(tls)]() mutable -> Task<void> { return self->Run(std::move(tls)); },
      [self = shared_from_this()](std::exception_ptr failure) {
        if (!failure) return;
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& e) {
          Log(LogLevel::kError, "a connection from " + self->peer_.address + " ended by an error: " + e.what());
        }
      });
}

void Session::Tick(SteadyTime now) {
  if (now >= read_deadline_) {
    read_deadline_ = SteadyTime::max();
    read_timed_out_ = true;
    stream_.Cancel();
  }
  if (now >= write_deadline_) {
    write_deadline_ = SteadyTime::max();
    stream_.Close();
    if (sink_) sink_->Detach();
    wake_.Set();
  }
  if (watch_peer_ && stream_.PeerGone()) {
    watch_peer_ = false;
    if (sink_) sink_->Detach();
    closing_ = true;
    wake_.Set();
    PeerIsGone();
  }
}

void Session::Close() {
  closing_ = true;
  keep_open_ = false;
  if (sink_) sink_->Detach();
  stream_.Close();
  wake_.Set();
}

void Session::LeaveBodyUnread() {
  keep_open_ = false;
  linger_ = true;
}

void Session::Abort() {
  keep_open_ = false;
  linger_ = false;
  error_code ignored;
  stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  stream_.Close();
}

Task<ReadResult> Session::ReadMore(std::size_t want, std::chrono::milliseconds timeout) {
  read_timed_out_ = false;
  read_deadline_ = std::chrono::steady_clock::now() + timeout;
  const asio::mutable_buffer space = in_.Space(want);
  const ReadResult result = co_await stream_.Read(space);
  read_deadline_ = SteadyTime::max();
  in_.Add(std::get<1>(result));
  co_return result;
}

Task<error_code> Session::WaitWritable() {
  write_deadline_ = std::chrono::steady_clock::now() + config_.timeouts.progress;
  const std::tuple<error_code> waited = co_await stream_.socket().async_wait(Socket::wait_write, kUseTask);
  write_deadline_ = SteadyTime::max();
  co_return std::get<0>(waited);
}

Task<error_code> Session::WriteOut(Pieces pieces) {
  error_code ec;
  if (stream_.WriteNow(pieces, ec)) co_return ec;
  if (!stream_.tls()) {
    // Each piece that leaves is progress; a slow client is not a dead one.
    do {
      ec = co_await WaitWritable();
    } while (!ec && !stream_.WriteNow(pieces, ec));
    co_return ec;
  }
  write_deadline_ = std::chrono::steady_clock::now() + config_.timeouts.progress;
  ec = co_await stream_.Write(pieces);
  write_deadline_ = SteadyTime::max();
  co_return ec;
}

Task<void> Session::Run(std::shared_ptr<asio::ssl::context> tls) {
  if (tls) {
    read_deadline_ = std::chrono::steady_clock::now() + config_.timeouts.header;
    const error_code ec = co_await stream_.Handshake(std::move(tls));
    read_deadline_ = SteadyTime::max();
    if (ec) co_return;
  }
  while (keep_open_ && !closing_) {
    const bool got_request = co_await ReadHead();
    if (!got_request || closing_) break;
    co_await Serve();
    reader_.Reset();
  }
  if (!closing_ && (linger_ || stream_.tls())) co_await SayGoodbye();
  stream_.Close();
}

Task<bool> Session::ReadHead() {
  std::size_t searched = 0;
  bool started = !in_.empty();
  SteadyTime give_up = std::chrono::steady_clock::now() + (started ? config_.timeouts.header : config_.timeouts.idle);
  while (true) {
    std::string_view bytes = in_.Bytes();
    if (searched == 0 && bytes.starts_with("\r\n")) {  // RFC 9112, 2.2: an empty line before a request is forgiven
      in_.Take(2);
      bytes = in_.Bytes();
    }
    const std::size_t end = FindHeaderEnd(bytes, searched);
    if (end == 0 ? bytes.size() >= config_.limits.bytes : end > config_.limits.bytes) {
      const bool in_first_line = bytes.find('\n') == std::string_view::npos;
      co_await Refuse(in_first_line ? Refusal{414, "The request target is too long."}
                                    : Refusal{431, "The header is too large."});
      co_return false;
    }
    if (end > 0) {
      const std::string_view block = bytes.substr(0, end);
      std::optional<Refusal> refusal = CheckHeaderBlock(block, config_.limits);
      if (!refusal) refusal = reader_.ReadHead(block, config_.limits, head_);
      if (refusal) {
        co_await Refuse(*refusal);
        co_return false;
      }
      in_.Take(end);
      keep_open_ = head_.keep_alive;
      co_return true;
    }
    if (HasBareLineFeed(bytes)) {
      co_await Refuse({400, "A line of the header does not end in CR LF."});
      co_return false;
    }
    searched = bytes.size();
    if (!started && in_.empty()) in_.Shrink(2 * kFirstRead);
    read_timed_out_ = false;
    read_deadline_ = give_up;
    const asio::mutable_buffer space = in_.Space(kFirstRead);
    const ReadResult result = co_await stream_.Read(space);
    read_deadline_ = SteadyTime::max();
    in_.Add(std::get<1>(result));
    if (std::get<0>(result)) {
      if (read_timed_out_ && started && !closing_) co_await Refuse({408, "The request took too long."});
      co_return false;
    }
    if (!started) {
      started = true;
      give_up = std::chrono::steady_clock::now() + config_.timeouts.header;
    }
  }
}

Task<void> Session::SayGoodbye() {
  // Closing with unread bytes makes the kernel reset the connection, and the client may never see the answer.
  write_deadline_ = std::chrono::steady_clock::now() + config_.timeouts.goodbye;
  co_await stream_.Finish();
  std::size_t dropped = 0;
  while (linger_ && dropped < kMostReadAtGoodbye && !stream_.tls()) {
    in_.Take(in_.size());
    const ReadResult result = co_await ReadMore(kFirstRead, config_.timeouts.goodbye);
    if (std::get<0>(result)) break;
    dropped += std::get<1>(result);
  }
}

Task<void> Session::Refuse(Refusal refusal) {
  keep_open_ = false;
  linger_ = true;
  Response response{.status = refusal.status,
                    .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                    .body = StatusLine(refusal.status) + ": " + std::string(refusal.why) + "\n"};
  co_await Send(std::move(response), false);
}

Request Session::CopyRequest() const {
  Request request{.method = std::string(head_.method),
                  .target = std::string(head_.target),
                  .host = head_.host,
                  .host_header = std::string(head_.host_header),
                  .peer = peer_.address,
                  .tls = stream_.tls(),
                  .trusted = peer_.trusted};
  request.headers.reserve(head_.fields.size());
  for (const Field& field : head_.fields) request.headers.emplace_back(field.name, field.value);
  return request;
}

Task<bool> Session::ReadBody(std::string& body) {
  if (head_.framing == Framing::kNone) co_return true;
  const Refusal too_large{413, "The body is too large."};
  if (head_.framing == Framing::kLength && head_.length > config_.handler_body_limit) {
    co_await Refuse(too_large);
    co_return false;
  }
  if (head_.expects_continue && in_.empty()) {
    const error_code ec = co_await WriteOut({"HTTP/1.1 100 Continue\r\n\r\n"});
    if (ec) co_return false;
  }
  std::vector<std::string_view> pieces;
  while (true) {
    const std::string_view bytes = in_.Bytes();
    if (head_.framing == Framing::kLength) {
      const std::size_t n = std::min<std::uint64_t>(bytes.size(), head_.length - body.size());
      body.append(bytes.substr(0, n));
      in_.Take(n);
      if (body.size() == head_.length) co_return true;
    } else {
      pieces.clear();
      const BodyStep step = reader_.ReadChunks(bytes, pieces);
      for (const std::string_view piece : pieces) body += piece;
      in_.Take(step.used);
      if (step.bad) {
        co_await Refuse({400, "The chunked body is malformed."});
        co_return false;
      }
      if (body.size() > config_.handler_body_limit) {
        co_await Refuse(too_large);
        co_return false;
      }
      if (step.done) co_return true;
    }
    const ReadResult result = co_await ReadMore(kBodyRead, config_.timeouts.progress);
    if (std::get<0>(result)) {
      keep_open_ = false;
      if (read_timed_out_ && !closing_) co_await Refuse({408, "The body took too long."});
      co_return false;
    }
  }
}

Task<void> Session::AnswerWith(Handler& handler) {
  Request request = CopyRequest();
  const bool complete = co_await ReadBody(request.body);
  if (complete) co_await AnswerWith(handler, std::move(request));
}

Task<void> Session::AnswerWith(Handler& handler, Request request) {
  const bool to_head = request.method == "HEAD";
  std::shared_ptr<Response> response = std::make_shared<Response>();
  wake_.Clear();
  std::move_only_function<void()> job = [self = shared_from_this(), &handler, response,
                                         request = std::move(request)]() mutable {
    try {
      *response = handler.Handle(request);
    } catch (const std::exception& e) {
      Log(LogLevel::kError, request.method + " " + request.target + ": " + e.what());
      *response = Response{.status = 500,
                           .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                           .body = "500 Internal Server Error: perch's log says more.\n"};
    }
    // The session must go on its own thread, and the context outlives the workers.
    asio::io_context& context = self->loop_.context();
    asio::post(context, [self = std::move(self)] { self->wake_.Set(); });
  };
  if (!config_.workers->Submit(std::move(job))) {
    co_await Send({.status = 503,
                   .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Retry-After", "1"}},
                   .body = "503 Service Unavailable: too many requests wait. Try again.\n"},
                  to_head);
    co_return;
  }
  co_await wake_.Wait();
  if (closing_) co_return;
  Response answer = std::move(*response);
  co_await Send(std::move(answer), to_head);
}

Task<void> Session::Send(Response response, bool to_head) {
  Dress(response);
  const bool no_body = HasNoBody(response.status);
  const bool streams = response.stream != nullptr && !no_body && !to_head;
  const bool chunked = streams && head_.version >= 11;
  if (streams && !chunked) keep_open_ = false;
  std::string& out = out_;
  out.clear();
  out.append("HTTP/1.1 ").append(StatusLine(response.status)).append("\r\n");
  if (config_.clock) out.append("Date: ").append(HttpDate(config_.clock())).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (IsSafeField(name) && IsSafeField(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
  if (chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (!no_body && !streams && !(response.stream && to_head)) {
    out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  if (!keep_open_) {
    out += "Connection: close\r\n";
  } else if (head_.version < 11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  error_code ec;
  if (to_head || no_body) {
    ec = co_await WriteOut({out});
  } else if (chunked && !response.body.empty()) {
    const std::string size = ChunkLine(response.body.size());
    ec = co_await WriteOut({out, size, response.body, "\r\n"});
  } else {
    ec = co_await WriteOut({out, response.body});
  }
  if (ec) keep_open_ = false;
  if (streams && !ec) {
    const bool ended = co_await SendStream(std::move(response.stream), chunked);
    if (!ended) keep_open_ = false;
  } else if (response.stream) {
    (void)config_.workers->Submit([stream = std::move(response.stream)] {});
  }
}

Task<bool> Session::SendStream(std::unique_ptr<BodyStream> body, bool chunked) {
  std::shared_ptr<StreamSink> sink = std::make_shared<StreamSink>(weak_from_this(), loop_.context());
  sink_ = sink;
  wake_.Clear();
  // Shared: it starts on a worker and must not be destroyed before it has.
  std::shared_ptr<BodyStream> source = std::move(body);
  bool alive = config_.workers->Submit([source, sink] {
    source->Start([sink](std::string piece) { return sink->Write(std::move(piece)); }, [sink] { sink->End(); });
  });
  WatchPeer(true);
  std::string pieces;
  bool ended = false;
  while (alive && !ended && !closing_) {
    co_await wake_.Wait();
    wake_.Clear();
    if (closing_) break;
    ended = sink->Take(pieces);
    error_code ec;
    if (!pieces.empty()) {
      const std::string size = chunked ? ChunkLine(pieces.size()) : "";
      ec = co_await WriteOut({size, pieces, chunked ? "\r\n" : ""});
    }
    if (!ec && ended && chunked) ec = co_await WriteOut({"0\r\n\r\n"});
    if (ec) alive = false;
  }
  WatchPeer(false);
  sink->Detach();
  sink_ = nullptr;
  // Its destructor may wait for others; that is nothing for the loop.
  (void)config_.workers->Submit([source = std::move(source)] {});
  co_return alive&& ended && !closing_;
}

}  // namespace perch::net
