#pragma once

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::net {

/// One header field; the views point into the parsed bytes.
struct Field {
  boost::beast::http::field id;
  std::string_view name;
  std::string_view value;
};

/// How the end of a body is known (RFC 9112, 6.3).
enum class Framing { kNone, kLength, kChunked, kUntilClose };

/// Why a message is not taken, and the status that says so.
struct Refusal {
  int status = 400;
  std::string_view why;
};

/// What messages may hold.
struct HeadLimits {
  std::size_t bytes = 32 << 10;
  std::size_t target_bytes = 8 << 10;
  std::size_t fields = 100;
};

struct RequestHead {
  boost::beast::http::verb verb{};
  std::string_view method;
  std::string_view target;  ///< origin-form, also when it was sent in absolute-form; "*" for OPTIONS
  int version = 11;         ///< 10 or 11
  std::vector<Field> fields;
  std::string_view host_header;  ///< the authority that counts: of an absolute-form target, else of Host
  std::string host;              ///< lower case, without port and trailing dot
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  bool keep_alive = false;
  bool websocket = false;  ///< asks to switch to WebSocket, and has no body
  bool expects_continue = false;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int version = 11;
  std::vector<Field> fields;
  Framing framing = Framing::kNone;
  std::optional<std::uint64_t> length;  ///< Content-Length, also where no body follows (HEAD, 304)
  bool keep_alive = false;
  bool event_stream = false;  ///< Content-Type: text/event-stream
};

/// The length of the header block at the start of `bytes`, with its blank line; 0 while that has not come. `searched`
/// bytes were looked at before.
std::size_t FindHeaderEnd(std::string_view bytes, std::size_t searched = 0);

/// What a header block must not hold, whoever sent it: control bytes, bare CR or LF, folded lines, space before a
/// colon, names that are no tokens, too many or too long fields. Stricter than the parser, which forgives some of it.
std::optional<Refusal> CheckHeaderBlock(std::string_view block, const HeadLimits& limits);

/// Whether the value of Connection fields names `token`, any case.
bool ConnectionNames(const std::vector<Field>& fields, std::string_view token);

/// One step through a chunked body.
struct BodyStep {
  std::size_t used = 0;  ///< bytes taken from the input
  bool done = false;     ///< the last chunk and the trailers have been read
  bool bad = false;      ///< not a chunked body
};

/// The longest chunk line or trailer section that is waited for.
inline constexpr std::size_t kLongestChunkLine = 4 << 10;
inline constexpr std::size_t kLongestChunkExtension = 256;

/// Reads one request. Make a new one for each.
class RequestReader {
 public:
  RequestReader();
  ~RequestReader();
  /// `block` is a whole header block that passed CheckHeaderBlock; `head` is filled with views into it.
  std::optional<Refusal> ReadHead(std::string_view block, const HeadLimits& limits, RequestHead& head);
  /// Reads on in a chunked body; adds views into `bytes` to `pieces`.
  BodyStep ReadChunks(std::string_view bytes, std::vector<std::string_view>& pieces);
  /// Ready for the next message.
  void Reset();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

/// Reads one response. Make a new one for each.
class ResponseReader {
 public:
  ResponseReader();
  ~ResponseReader();
  std::optional<Refusal> ReadHead(std::string_view block, bool to_head_request, ResponseHead& head);
  BodyStep ReadChunks(std::string_view bytes, std::vector<std::string_view>& pieces);
  void Reset();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace perch::net
