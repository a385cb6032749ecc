#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "net/asio.h"

namespace perch::net {

/// Bytes read and not yet used. Grows when asked for space, shrinks to nothing when released.
class Buffer {
 public:
  std::string_view Bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  /// Room for at least `want` more bytes; may move what is there, so views into it end here.
  asio::mutable_buffer Space(std::size_t want);
  void Add(std::size_t n) { end_ += n; }
  void Take(std::size_t n);
  /// Gives the memory back; only when empty.
  void Release();
  /// The same if it is more than `kept` bytes.
  void Shrink(std::size_t kept) {
    if (capacity_ > kept && empty()) Release();
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Up to six pieces of bytes to be written in one call; they must stay where they are until then.
class Pieces {
 public:
  Pieces(std::initializer_list<std::string_view> pieces);
  void Advance(std::size_t n);
  bool empty() const { return first_ == count_; }
  std::span<const asio::const_buffer> Left() const { return std::span(buffers_).subspan(first_, count_ - first_); }

 private:
  std::array<asio::const_buffer, 6> buffers_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

using ReadResult = std::tuple<error_code, std::size_t>;

/// A connection to a client, with or without TLS. Used from one thread; one reader and one writer at a time.
class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}
  /// Speaks TLS from here on, as the server.
  Task<error_code> Handshake(std::shared_ptr<asio::ssl::context> context);
  bool tls() const { return tls_ != nullptr; }
  Socket& socket() { return socket_; }

  Task<ReadResult> Read(asio::mutable_buffer into);
  /// Tries without waiting: true when all is written or `ec` is set.
  bool WriteNow(Pieces& pieces, error_code& ec);
  /// Writes all that is left.
  Task<error_code> Write(Pieces pieces);

  /// Makes what waits on this connection fail; it stays usable without TLS.
  void Cancel();
  void Close();
  /// No more will be written. With TLS it waits for the peer's goodbye; Close() ends that.
  Task<void> Finish();
  /// Whether the peer has closed its side, without reading.
  bool PeerGone();

 private:
  Socket socket_;
  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

/// The same for a plain socket.
bool WriteNow(Socket& socket, Pieces& pieces, error_code& ec);
Task<error_code> WriteAll(Socket& socket, Pieces pieces);

/// A flag that one coroutine waits for; used from one thread.
class Event {
 public:
  explicit Event(const Executor& executor) : timer_(executor, SteadyTime::max()) {}
  Task<void> Wait();
  void Set();
  void Clear() { set_ = false; }
  bool IsSet() const { return set_; }

 private:
  SteadyTimer timer_;
  bool set_ = false;
};

}  // namespace perch::net
