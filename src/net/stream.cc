#include "net/stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace perch::net {

asio::mutable_buffer Buffer::Space(std::size_t want) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < want) {
    const std::size_t used = end_ - begin_;
    if (capacity_ - used >= want) {
      std::memmove(data_.get(), data_.get() + begin_, used);
    } else {
      capacity_ = std::max(capacity_ * 2, used + want);
      std::unique_ptr<char[]> bigger = std::make_unique_for_overwrite<char[]>(capacity_);
      if (used > 0) std::memcpy(bigger.get(), data_.get() + begin_, used);
      data_ = std::move(bigger);
    }
    begin_ = 0;
    end_ = used;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void Buffer::Take(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Buffer::Release() {
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

Pieces::Pieces(std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) buffers_.at(count_++) = asio::const_buffer(piece.data(), piece.size());
  }
}

void Pieces::Advance(std::size_t n) {
  while (n > 0) {
    asio::const_buffer& front = buffers_[first_];
    const std::size_t step = std::min(n, front.size());
    front += step;
    n -= step;
    if (front.size() == 0) ++first_;
  }
}

bool WriteNow(Socket& socket, Pieces& pieces, error_code& ec) {
  while (!pieces.empty()) {
    std::array<iovec, 6> vectors;
    std::size_t count = 0;
    for (const asio::const_buffer& piece : pieces.Left()) {
      vectors[count++] = {.iov_base = const_cast<void*>(piece.data()), .iov_len = piece.size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      ec = error_code(errno, boost::system::system_category());
      return true;
    }
    pieces.Advance(static_cast<std::size_t>(sent));
  }
  return true;
}

Task<error_code> WriteAll(Socket& socket, Pieces pieces) {
  error_code ec;
  while (!WriteNow(socket, pieces, ec)) {
    const std::tuple<error_code> waited = co_await socket.async_wait(Socket::wait_write, kUseTask);
    if (std::get<0>(waited)) co_return std::get<0>(waited);
  }
  co_return ec;
}

Task<error_code> Stream::Handshake(std::shared_ptr<asio::ssl::context> context) {
  context_ = std::move(context);
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *context_);
  const std::tuple<error_code> result = co_await tls_->async_handshake(asio::ssl::stream_base::server, kUseTask);
  co_return std::get<0>(result);
}

Task<ReadResult> Stream::Read(asio::mutable_buffer into) {
  if (tls_) return tls_->async_read_some(into, kUseTask);
  return socket_.async_read_some(into, kUseTask);
}

bool Stream::WriteNow(Pieces& pieces, error_code& ec) { return !tls_ && net::WriteNow(socket_, pieces, ec); }

Task<error_code> Stream::Write(Pieces pieces) {
  if (!tls_) co_return co_await WriteAll(socket_, pieces);
  const ReadResult result = co_await asio::async_write(*tls_, pieces.Left(), kUseTask);
  co_return std::get<0>(result);
}

void Stream::Cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Stream::Close() {
  error_code ignored;
  socket_.close(ignored);
}

Task<void> Stream::Finish() {
  if (tls_) {
    co_await tls_->async_shutdown(kUseTask);  // without its alert the client must take the answer for a cut one
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

bool Stream::PeerGone() {
  pollfd entry{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLERR | POLLHUP | POLLNVAL)) != 0;
}

Task<void> Event::Wait() {
  while (!set_) {
    co_await timer_.async_wait(kUseTask);
  }
}

void Event::Set() {
  set_ = true;
  timer_.cancel();
}

}  // namespace perch::net
