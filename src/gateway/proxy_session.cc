#include "gateway/proxy_session.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/forward.h"

namespace perch::gateway {
namespace http = boost::beast::http;
namespace {

using net::BodyStep;
using net::error_code;
using net::Framing;
using net::Pieces;
using net::ReadResult;
using net::Refusal;
using net::Socket;
using net::Task;
using net::asio::ip::tcp;

constexpr std::size_t kHeadRead = 8 << 10;
constexpr std::size_t kBodyRead = 16 << 10;
constexpr std::uint64_t kSpliceFrom = 64 << 10;  // below that two more system calls cost more than a copy
constexpr std::size_t kSpliceStep = 256 << 10;
constexpr std::uint64_t kSpliceShare = 2 << 20;  // then others get their turn
constexpr net::HeadLimits kAnswerLimits{.bytes = 64 << 10, .target_bytes = 16 << 10, .fields = 200};
constexpr int kMostInterimAnswers = 16;

bool MayRepeat(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
    case http::verb::options:
    case http::verb::put:
    case http::verb::delete_:
      return true;
    default:
      return false;
  }
}

// "1a2b\r\n", in front of a chunk's bytes.
void SetChunkLine(std::size_t size, std::string& line) {
  char text[16];
  line.assign(text, std::to_chars(text, text + sizeof text, size, 16).ptr);
  line += "\r\n";
}

std::size_t TotalSize(const std::vector<std::string_view>& pieces) {
  std::size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  return total;
}

}  // namespace

ProxySession::ProxySession(net::Loop& loop, UpstreamPool& pool, PipePool& pipes, Socket socket,
                           const ProxyConfig& config, net::Peer peer)
    : Session(loop, std::move(socket), config.session, std::move(peer)),
      pool_(pool),
      pipes_(pipes),
      proxy_(config),
      upload_ended_(loop.executor()) {}

void ProxySession::Tick(net::SteadyTime now) {
  if (now >= upstream_deadline_) {
    upstream_deadline_ = net::SteadyTime::max();
    upstream_timed_out_ = true;
    CloseUpstream();
  }
  Session::Tick(now);
}

void ProxySession::Close() {
  CloseUpstream();
  Session::Close();
}

void ProxySession::CutPort(std::uint16_t port) {
  if (!up_ || up_->port != port) return;
  set_keep_open(false);
  CloseUpstream();
}

void ProxySession::CloseUpstream() {
  if (!up_) return;
  error_code ignored;
  up_->socket.close(ignored);
}

void ProxySession::PeerIsGone() {
  client_failed_ = true;
  CloseUpstream();
}

void ProxySession::Dress(net::Response& response) {
  if (is_branch_) response.headers.emplace_back("X-Robots-Tag", "noindex");
}

Route ProxySession::FindRoute() {
  // Counted first and looked up again: once a route has moved on, nobody enters the old port unseen.
  Route route = proxy_.router->Find(head().host);
  while (route.upstream_port != 0) {
    in_flight_ = InFlight::Guard(*proxy_.in_flight, route.upstream_port);
    const Route again = proxy_.router->Find(head().host);
    const bool same = again.upstream_port == route.upstream_port;
    route = again;
    if (same) return route;
    in_flight_.Leave();
  }
  return route;
}

Task<void> ProxySession::Serve() {
  is_branch_ = false;
  is_head_ = head().verb == http::verb::head;
  const Route route = FindRoute();
  is_branch_ = route.is_branch;
  if (route.is_branch && proxy_.gate) {
    const net::Request request = CopyRequest();
    std::optional<net::Response> refused = proxy_.gate->Check(request);
    if (refused) {
      in_flight_.Leave();
      if (head().framing != Framing::kNone) LeaveBodyUnread();
      co_await Send(std::move(*refused), is_head_);
      co_return;
    }
  }
  if (route.upstream_port == 0) {
    co_await AnswerWith(*route.handler);
  } else {
    co_await Proxy(route);
    in_flight_.Leave();
  }
  is_branch_ = false;
}

Task<void> ProxySession::Proxy(const Route& route) {
  may_repeat_ = MayRepeat(head().verb);
  answer_begun_ = client_failed_ = false;
  upload_refusal_.reset();
  WriteUpstreamHead(head(), {.address = peer().address, .tls = stream().tls()}, up_out_);
  Outcome outcome = co_await Exchange(route.upstream_port, true);
  if (outcome == Outcome::kStale) outcome = co_await Exchange(route.upstream_port, false);
  up_.reset();
  upstream_deadline_ = net::SteadyTime::max();
  WatchPeer(false);
  if (outcome != Outcome::kAnswered && !closing() && !client_failed_) co_await AnswerFailure(route, outcome);
  if (client_failed_ && upload_refusal_ && !answer_begun_ && !closing()) co_await Refuse(*upload_refusal_);
  if (client_failed_) set_keep_open(false);
}

Task<ProxySession::Outcome> ProxySession::Exchange(std::uint16_t port, bool may_reuse) {
  up_ = may_reuse ? pool_.Take(port, !may_repeat_) : nullptr;
  if (!up_) {
    const bool connected = co_await Connect(port);
    if (!connected) co_return Outcome::kUnreachable;
  }
  const bool stale_is_possible = up_->used_before;
  upload_left_ = head().length;
  upload_needed_ = false;
  error_code sent;
  Pieces all{up_out_};
  if (head().framing != Framing::kNone || !net::WriteNow(up_->socket, all, sent)) sent = co_await SendRequest();
  if (sent) {
    co_return stale_is_possible&& may_repeat_ ? Outcome::kStale : Outcome::kUnreachable;
  }
  const bool nothing_left_to_send = !upload_needed_;
  if (upload_needed_) {
    StartUpload(false);
  } else {
    WatchPeer(true);
  }
  Outcome outcome = co_await Answer();
  if (outcome == Outcome::kUnreachable && stale_is_possible && nothing_left_to_send && may_repeat_ && !client_failed_) {
    outcome = Outcome::kStale;
  }
  keep_upstream_ = true;
  if (upload_runs_) co_await EndUpload();
  const bool reusable = outcome == Outcome::kAnswered && up_->head.keep_alive && up_->in.empty() &&
                        up_->socket.is_open() && keep_upstream_;
  if (reusable) {
    pool_.Put(std::move(up_));
  }
  co_return outcome;
}

Task<bool> ProxySession::Connect(std::uint16_t port) {
  up_ = std::make_unique<Upstream>(loop().executor());
  up_->port = port;
  up_->socket.open(tcp::v4());
  error_code ignored;
  up_->socket.set_option(tcp::no_delay(true), ignored);
  const tcp::endpoint app(net::asio::ip::address_v4::loopback(), port);
  upstream_timed_out_ = false;
  upstream_deadline_ = std::chrono::steady_clock::now() + proxy_.connect_timeout;
  const std::tuple<error_code> result = co_await up_->socket.async_connect(app, net::kUseTask);
  upstream_deadline_ = net::SteadyTime::max();
  co_return !std::get<0>(result);
}

// Sends the head together with what of the body has come already. The bytes stay in the buffer until they are sent, so
// that a stale connection loses nothing.
Task<error_code> ProxySession::SendRequest() {
  std::string_view first_body;
  std::size_t used = 0;
  upload_needed_ = false;
  if (head().framing == Framing::kLength) {
    first_body = in().Bytes().substr(0, std::min<std::uint64_t>(in().size(), upload_left_));
    used = first_body.size();
    upload_needed_ = used < upload_left_;
  } else if (head().framing == Framing::kChunked) {
    upload_needed_ = true;
  }
  Pieces pieces{up_out_, first_body};
  error_code ec;
  if (!net::WriteNow(up_->socket, pieces, ec)) {
    upstream_deadline_ = std::chrono::steady_clock::now() + config().timeouts.progress;
    ec = co_await net::WriteAll(up_->socket, pieces);
    upstream_deadline_ = net::SteadyTime::max();
  }
  if (!ec) {
    in().Take(used);
    upload_left_ -= used;
  }
  co_return ec;
}

void ProxySession::StartUpload(bool tunnel) {
  upload_ended_.Clear();
  upload_runs_ = true;
  upload_complete_ = false;
  net::asio::co_spawn(
      loop().executor(),
      [self = std::static_pointer_cast<ProxySession>(shared_from_this()), tunnel]() -> Task<void> {
        return tunnel ? self->UploadTunnel() : self->Upload();
      },
      [self = std::static_pointer_cast<ProxySession>(shared_from_this())](std::exception_ptr) {
        self->upload_ended_.Set();
      });
}

// Waits until nothing uses the connection to the app any more. A body that nobody wants is left in the client's hands.
Task<void> ProxySession::EndUpload() {
  if (!upload_ended_.IsSet()) {
    CloseUpstream();
    stream().Cancel();
    co_await upload_ended_.Wait();
  }
  upload_runs_ = false;
  if (!upload_complete_) {
    keep_upstream_ = false;
    LeaveBodyUnread();
  }
}

Task<void> ProxySession::Upload() {
  const bool chunked = head().framing == Framing::kChunked;
  error_code ec;
  while (true) {
    if (chunked) {
      pieces_up_.clear();
      const BodyStep step = reader().ReadChunks(in().Bytes(), pieces_up_);
      if (step.bad) {
        client_failed_ = true;
        upload_refusal_ = Refusal{400, "The chunked body is malformed."};
        CloseUpstream();
        co_return;
      }
      const std::size_t total = TotalSize(pieces_up_);
      if (total > 0 || step.done) {
        up_chunk_.clear();
        if (total > 0) {
          SetChunkLine(total, up_chunk_);
          for (const std::string_view piece : pieces_up_) up_chunk_ += piece;
          up_chunk_ += "\r\n";
        }
        if (step.done) up_chunk_ += "0\r\n\r\n";
        ec = co_await net::WriteAll(up_->socket, {up_chunk_});
      }
      in().Take(step.used);
      if (ec) co_return;
      if (step.done) break;
    } else {
      const std::string_view bytes = in().Bytes().substr(0, std::min<std::uint64_t>(in().size(), upload_left_));
      if (!bytes.empty()) ec = co_await net::WriteAll(up_->socket, {bytes});
      if (ec) co_return;
      in().Take(bytes.size());
      upload_left_ -= bytes.size();
      if (upload_left_ == 0) break;
    }
    const ReadResult result = co_await ReadMore(kBodyRead, config().timeouts.progress);
    if (std::get<0>(result)) {
      if (read_timed_out()) upload_refusal_ = Refusal{408, "The body took too long."};
      if (up_->socket.is_open()) {  // else the exchange was over, and this read was only broken off
        client_failed_ = true;
        CloseUpstream();
      }
      co_return;
    }
  }
  upload_complete_ = true;
  WatchPeer(true);
}

Task<ReadResult> ProxySession::ReadUpstream(std::size_t want, std::chrono::milliseconds timeout) {
  upstream_deadline_ = std::chrono::steady_clock::now() + timeout;
  const net::asio::mutable_buffer space = up_->in.Space(want);
  const ReadResult result = co_await up_->socket.async_read_some(space, net::kUseTask);
  upstream_deadline_ = net::SteadyTime::max();
  up_->in.Add(std::get<1>(result));
  co_return result;
}

Task<bool> ProxySession::ReadAnswerHead(Outcome& failure) {
  std::size_t searched = 0;
  while (true) {
    const std::string_view bytes = up_->in.Bytes();
    const std::size_t end = net::FindHeaderEnd(bytes, searched);
    if (end > 0) {
      const std::string_view block = bytes.substr(0, end);
      up_->reader.Reset();
      const bool good =
          !net::CheckHeaderBlock(block, kAnswerLimits) && !up_->reader.ReadHead(block, is_head_, up_->head);
      failure = Outcome::kBroken;
      if (good) up_->in.Take(end);
      co_return good;
    }
    if (bytes.size() > kAnswerLimits.bytes) {
      failure = Outcome::kBroken;
      co_return false;
    }
    searched = bytes.size();
    upstream_timed_out_ = false;
    upstream_deadline_ = std::chrono::steady_clock::now() + proxy_.first_byte_timeout;
    const net::asio::mutable_buffer space = up_->in.Space(kHeadRead);
    const ReadResult result = co_await up_->socket.async_read_some(space, net::kUseTask);
    upstream_deadline_ = net::SteadyTime::max();
    up_->in.Add(std::get<1>(result));
    if (std::get<0>(result)) {
      failure = upstream_timed_out_ ? Outcome::kTooSlow : (up_->in.empty() ? Outcome::kUnreachable : Outcome::kBroken);
      co_return false;
    }
  }
}

Task<ProxySession::Outcome> ProxySession::Answer() {
  Outcome failure = Outcome::kBroken;
  for (int interim = 0; interim < kMostInterimAnswers; ++interim) {
    const bool read = co_await ReadAnswerHead(failure);
    if (!read) co_return interim > 0 && failure == Outcome::kUnreachable ? Outcome::kBroken : failure;
    const net::ResponseHead& answer = up_->head;
    if (answer.status == 101) {
      if (!head().websocket) co_return Outcome::kBroken;
      co_await Tunnel();
      co_return Outcome::kAnswered;
    }
    if (answer.status >= 200) break;
    if (head().version >= 11) {
      WriteClientHead(answer, {.noindex = is_branch_}, client_out_);
      const error_code ec = co_await WriteOut({client_out_});
      if (ec) {
        client_failed_ = true;
        co_return Outcome::kAnswered;
      }
    }
  }
  const net::ResponseHead& answer = up_->head;
  if (answer.status < 200) co_return Outcome::kBroken;
  const bool unknown_length = answer.framing == Framing::kChunked || answer.framing == Framing::kUntilClose;
  const bool chunked = unknown_length && head().version >= 11;
  if (unknown_length && !chunked) set_keep_open(false);
  if (answer.event_stream) in_flight_.BecomeLongLived();
  WriteClientHead(answer,
                  {.version = head().version, .keep_open = keep_open(), .chunked = chunked, .noindex = is_branch_},
                  client_out_);
  bool whole = true;
  switch (answer.framing) {
    case Framing::kNone:
    case Framing::kLength: {
      const std::uint64_t length = answer.framing == Framing::kLength ? *answer.length : 0;
      const std::uint64_t here = std::min<std::uint64_t>(up_->in.size(), length);
      answer_begun_ = true;
      Pieces pieces{client_out_, up_->in.Bytes().substr(0, here)};
      error_code ec;
      if (!stream().WriteNow(pieces, ec)) ec = co_await WriteOut(pieces);
      if (ec) client_failed_ = true;
      whole = !ec;
      up_->in.Take(here);
      if (whole && here < length) whole = co_await RelayLength(length - here);
      break;
    }
    case Framing::kChunked:
      whole = co_await RelayChunks(client_out_, chunked);
      break;
    case Framing::kUntilClose:
      whole = co_await RelayUntilClose(client_out_, chunked);
      break;
  }
  if (!whole && !answer_begun_) co_return Outcome::kBroken;
  if (!whole) {
    // Half an answer must not look like a whole one. Where only the connection's end says so, that end is a reset.
    set_keep_open(false);
    CloseUpstream();
    if (unknown_length && !chunked) Abort();
  }
  co_return Outcome::kAnswered;
}

Task<bool> ProxySession::RelayLength(std::uint64_t left) {
  if (left >= kSpliceFrom && !stream().tls()) {
    std::optional<Pipe> pipe = pipes_.Take();
    if (pipe) {
      const bool whole = co_await RelaySpliced(left, *pipe);
      if (whole) pipes_.Put(std::move(*pipe));
      co_return whole;
    }
  }
  while (left > 0) {
    const ReadResult result = co_await ReadUpstream(kBodyRead, proxy_.silence_timeout);
    if (std::get<0>(result)) co_return false;
    const std::string_view bytes = up_->in.Bytes().substr(0, std::min<std::uint64_t>(up_->in.size(), left));
    const error_code ec = co_await WriteOut({bytes});
    if (ec) {
      client_failed_ = true;
      co_return false;
    }
    left -= bytes.size();
    up_->in.Take(bytes.size());
  }
  co_return true;
}

Task<bool> ProxySession::RelaySpliced(std::uint64_t left, const Pipe& pipe) {
  std::size_t in_pipe = 0;
  std::uint64_t share = kSpliceShare;
  Socket& client = stream().socket();
  while (left > 0 || in_pipe > 0) {
    if (in_pipe == 0) {
      const ssize_t n = ::splice(up_->socket.native_handle(), nullptr, pipe.write.get(), nullptr,
                                 std::min<std::uint64_t>(left, kSpliceStep), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (n > 0) {
        in_pipe = static_cast<std::size_t>(n);
        left -= in_pipe;
      } else if (n < 0 && errno == EAGAIN) {
        upstream_deadline_ = std::chrono::steady_clock::now() + proxy_.silence_timeout;
        const std::tuple<error_code> waited = co_await up_->socket.async_wait(Socket::wait_read, net::kUseTask);
        upstream_deadline_ = net::SteadyTime::max();
        if (std::get<0>(waited)) co_return false;
      } else if (n == 0 || errno != EINTR) {
        co_return false;
      }
      continue;
    }
    const ssize_t n = ::splice(pipe.read.get(), nullptr, client.native_handle(), nullptr, in_pipe,
                               SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (left > 0 ? SPLICE_F_MORE : 0));
    if (n > 0) {
      in_pipe -= static_cast<std::size_t>(n);
      share -= std::min<std::uint64_t>(share, static_cast<std::uint64_t>(n));
      if (share == 0) {
        share = kSpliceShare;
        co_await net::asio::post(loop().executor(), net::kUseTask);
        if (!up_->socket.is_open() || !client.is_open()) co_return false;
      }
    } else if (n < 0 && errno == EAGAIN) {
      const error_code ec = co_await WaitWritable();
      if (ec) {
        client_failed_ = true;
        co_return false;
      }
    } else if (n == 0 || errno != EINTR) {
      client_failed_ = true;
      co_return false;
    }
  }
  co_return true;
}

Task<bool> ProxySession::RelayChunks(std::string_view client_head, bool chunked) {
  std::string body;
  while (true) {
    pieces_.clear();
    const BodyStep step = up_->reader.ReadChunks(up_->in.Bytes(), pieces_);
    if (step.bad) co_return false;
    body.clear();
    for (const std::string_view piece : pieces_) body += piece;
    std::string_view line;
    std::string_view end_of_chunk;
    if (chunked && !body.empty()) {
      SetChunkLine(body.size(), chunk_line_);
      line = chunk_line_;
      end_of_chunk = "\r\n";
    }
    const std::string_view last = chunked && step.done ? "0\r\n\r\n" : "";
    answer_begun_ = true;
    const error_code ec = co_await WriteOut({client_head, line, body, end_of_chunk, last});
    if (ec) {
      client_failed_ = true;
      co_return false;
    }
    client_head = {};
    up_->in.Take(step.used);
    if (step.done) co_return true;
    const ReadResult result = co_await ReadUpstream(kBodyRead, proxy_.silence_timeout);
    if (std::get<0>(result)) co_return false;
  }
}

Task<bool> ProxySession::RelayUntilClose(std::string_view client_head, bool chunked) {
  bool ended = false;
  answer_begun_ = true;
  while (true) {
    const std::string_view bytes = up_->in.Bytes();
    std::string_view line;
    std::string_view end_of_chunk;
    if (chunked && !bytes.empty()) {
      SetChunkLine(bytes.size(), chunk_line_);
      line = chunk_line_;
      end_of_chunk = "\r\n";
    }
    const error_code ec =
        co_await WriteOut({client_head, line, bytes, end_of_chunk, chunked && ended ? "0\r\n\r\n" : ""});
    if (ec) {
      client_failed_ = true;
      co_return false;
    }
    client_head = {};
    up_->in.Take(bytes.size());
    if (ended) co_return true;
    const ReadResult result = co_await ReadUpstream(kBodyRead, proxy_.silence_timeout);
    if (std::get<0>(result) == net::asio::error::eof) {
      ended = true;
    } else if (std::get<0>(result)) {
      co_return false;
    }
  }
}

Task<void> ProxySession::Tunnel() {
  in_flight_.BecomeLongLived();
  set_keep_open(false);
  answer_begun_ = true;
  WatchPeer(false);
  WriteClientHead(up_->head, {.noindex = is_branch_}, client_out_);
  error_code ec = co_await WriteOut({client_out_});
  if (!ec) StartUpload(true);
  while (!ec) {
    const std::string_view bytes = up_->in.Bytes();
    if (!bytes.empty()) ec = co_await WriteOut({bytes});
    if (ec) break;
    up_->in.Take(bytes.size());
    if (up_->in.empty()) up_->in.Release();
    const ReadResult result = co_await ReadUpstream(kHeadRead, proxy_.silence_timeout);
    ec = std::get<0>(result);
  }
  // One side is gone; WebSocket says goodbye by frames, so nothing is lost by ending the other.
  CloseUpstream();
}

Task<void> ProxySession::UploadTunnel() {
  error_code ec;
  while (!ec) {
    if (!in().empty()) {
      ec = co_await net::WriteAll(up_->socket, {in().Bytes()});
      in().Take(in().size());
    }
    if (ec) break;
    in().Release();
    const ReadResult result = co_await ReadMore(kHeadRead, proxy_.silence_timeout);
    ec = std::get<0>(result);
  }
  CloseUpstream();
}

Task<void> ProxySession::AnswerFailure(const Route& route, Outcome outcome) {
  const bool only_reads = head().verb == http::verb::get || head().verb == http::verb::head;
  if (outcome == Outcome::kUnreachable && only_reads && head().framing == Framing::kNone) {
    co_await AnswerWith(*route.handler);
    co_return;
  }
  const int status = outcome == Outcome::kTooSlow ? 504 : 502;
  const std::string_view why = outcome == Outcome::kUnreachable ? "the branch's app cannot be reached. Try again."
                               : outcome == Outcome::kTooSlow   ? "the branch's app gave no answer in time."
                                                                : "the branch's app gave no proper HTTP answer.";
  net::Response response{
      .status = status,
      .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
      .body = std::to_string(status) + " " + std::string(net::ReasonPhrase(status)) + ": " + std::string(why) + "\n"};
  co_await Send(std::move(response), is_head_);
}

}  // namespace perch::gateway
