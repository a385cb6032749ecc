#include "net/head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <cstring>
#include <new>

#include "base/text.h"
#include "net/host.h"

namespace perch::net {
namespace http = boost::beast::http;
namespace {

using boost::system::error_code;
using BeastView = boost::beast::string_view;

std::string_view View(BeastView v) { return {v.data(), v.size()}; }

constexpr std::array<bool, 256> TokenBytes() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenByte = TokenBytes();

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kTokenByte[static_cast<unsigned char>(c)]; });
}

bool HasControlByte(std::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const unsigned char byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

// What both directions share: fields are collected as views, chunks as pieces.
template <bool is_request>
class Collector : public http::basic_parser<is_request> {
 public:
  Collector() {
    this->header_limit(1 << 20);  // the block is whole and measured before it gets here
    this->body_limit(boost::none);
    this->eager(false);
  }

  std::vector<Field>* fields = nullptr;
  std::vector<std::string_view>* pieces = nullptr;

  BodyStep ReadChunks(std::string_view bytes, std::vector<std::string_view>& into) {
    pieces = &into;
    fields = nullptr;
    this->eager(true);
    BodyStep step;
    error_code ec;
    if (!bytes.empty() && !this->is_done()) {
      step.used = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    }
    step.done = this->is_done();
    step.bad = (ec && ec != http::error::need_more) || (!step.done && bytes.size() - step.used > kLongestChunkLine);
    return step;
  }

 protected:
  void on_request_impl(http::verb, BeastView, BeastView, int, error_code&) override {}
  void on_response_impl(int, BeastView, int, error_code&) override {}
  void on_field_impl(http::field id, BeastView name, BeastView value, error_code&) override {
    if (fields) fields->push_back({.id = id, .name = View(name), .value = View(value)});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BeastView body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, BeastView extension, error_code& ec) override {
    if (extension.size() > kLongestChunkExtension) ec = http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    pieces->push_back(View(body));
    return body.size();
  }
  void on_finish_impl(error_code&) override {}
};

// Exactly one field that says how long the body is, in its plainest form; anything else is where smuggling lives.
std::optional<Refusal> ReadFraming(const std::vector<Field>& fields, int version, Framing& framing,
                                   std::uint64_t& length) {
  const Field* content_length = nullptr;
  const Field* transfer_encoding = nullptr;
  for (const Field& field : fields) {
    if (field.id == http::field::content_length) {
      if (content_length) return Refusal{400, "Content-Length is given more than once."};
      content_length = &field;
    } else if (field.id == http::field::transfer_encoding) {
      if (transfer_encoding) return Refusal{400, "Transfer-Encoding is given more than once."};
      transfer_encoding = &field;
    }
  }
  if (content_length && transfer_encoding) {
    return Refusal{400, "Both Content-Length and Transfer-Encoding are given."};
  }
  if (transfer_encoding) {
    if (version < 11) return Refusal{400, "Transfer-Encoding needs HTTP/1.1."};
    if (!EqualsIgnoreCase(transfer_encoding->value, "chunked")) {
      return Refusal{400, "Transfer-Encoding must be exactly 'chunked'."};
    }
    framing = Framing::kChunked;
  } else if (content_length) {
    const std::optional<std::uint64_t> number = ParseNumber(content_length->value);
    if (!number || *number > (std::uint64_t{1} << 62)) return Refusal{400, "Content-Length is not a number."};
    length = *number;
    framing = length > 0 ? Framing::kLength : Framing::kNone;
  }
  return std::nullopt;
}

// Splits "http://host/path" (RFC 9112, 3.2.2); false if it is not of that form.
bool SplitAbsoluteForm(std::string_view target, std::string_view& authority, std::string_view& path) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    authority = rest.substr(0, end);
    path = rest.substr(end);
    if (path.empty()) path = "/";
    return path.front() == '/';  // "http://host?x" has no origin-form that could be passed on as a view
  }
  return false;
}

std::optional<Refusal> ReadTarget(RequestHead& head) {
  if (head.verb == http::verb::connect) return Refusal{405, "CONNECT is not offered here."};
  if (head.verb == http::verb::trace) return Refusal{405, "TRACE is not offered here."};
  if (head.target.find('#') != std::string_view::npos) return Refusal{400, "The request target has a fragment."};

  const Field* host = nullptr;
  for (const Field& field : head.fields) {
    if (field.id != http::field::host) continue;
    if (host) return Refusal{400, "Host is given more than once."};
    host = &field;
  }
  if (!host) return Refusal{400, "Host is missing."};
  std::optional<HostAndPort> parsed = ParseHost(host->value);
  if (!parsed) return Refusal{400, "Host is malformed."};
  head.host_header = host->value;

  if (head.target == "*") {
    if (head.verb != http::verb::options) return Refusal{400, "The request target '*' is for OPTIONS only."};
  } else if (!head.target.starts_with("/")) {
    std::string_view authority;
    std::string_view path;
    if (!SplitAbsoluteForm(head.target, authority, path)) return Refusal{400, "The request target is malformed."};
    parsed = ParseHost(authority);
    if (!parsed) return Refusal{400, "The host in the request target is malformed."};
    head.host_header = authority;
    head.target = path;
  }
  head.host = std::move(parsed->host);
  return std::nullopt;
}

std::optional<Refusal> ReadExpectations(RequestHead& head) {
  bool upgrades_to_websocket = false;
  for (const Field& field : head.fields) {
    if (field.id == http::field::expect) {
      if (!EqualsIgnoreCase(field.value, "100-continue")) return Refusal{417, "Only 100-continue can be expected."};
      head.expects_continue = head.version >= 11 && head.framing != Framing::kNone;
    } else if (field.id == http::field::upgrade) {
      upgrades_to_websocket = EqualsIgnoreCase(field.value, "websocket");
    }
  }
  head.websocket = upgrades_to_websocket && head.version >= 11 && head.framing == Framing::kNone &&
                   head.verb == http::verb::get && ConnectionNames(head.fields, "upgrade");
  return std::nullopt;
}

}  // namespace

std::size_t FindHeaderEnd(std::string_view bytes, std::size_t searched) {
  const std::size_t from = searched < 3 ? 0 : searched - 3;
  const void* found = from < bytes.size() ? memmem(bytes.data() + from, bytes.size() - from, "\r\n\r\n", 4) : nullptr;
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 4 : 0;
}

std::optional<Refusal> CheckHeaderBlock(std::string_view block, const HeadLimits& limits) {
  std::size_t fields = 0;
  bool start_line = true;
  while (!block.empty()) {
    const std::size_t feed = block.find('\n');
    if (feed == std::string_view::npos || feed == 0 || block[feed - 1] != '\r') {
      return Refusal{400, "A line of the header does not end in CR LF."};
    }
    const std::string_view line = block.substr(0, feed - 1);
    block.remove_prefix(feed + 1);
    if (HasControlByte(line)) return Refusal{400, "The header holds a control character."};
    if (start_line) {
      start_line = false;
      if (line.empty()) return Refusal{400, "The request line is missing."};
      if (line.size() > limits.target_bytes + 64) return Refusal{414, "The request target is too long."};
      continue;
    }
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "A header line is folded."};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Refusal{400, "A header line has no colon."};
    if (!IsToken(line.substr(0, colon))) return Refusal{400, "A header name is malformed."};
    if (++fields > limits.fields) return Refusal{431, "The header has too many fields."};
  }
  return std::nullopt;
}

bool ConnectionNames(const std::vector<Field>& fields, std::string_view token) {
  for (const Field& field : fields) {
    if (field.id != http::field::connection) continue;
    for (const BeastView name : http::token_list({field.value.data(), field.value.size()})) {
      if (EqualsIgnoreCase(View(name), token)) return true;
    }
  }
  return false;
}

class RequestReader::Parser : public Collector<true> {
 public:
  RequestHead* head = nullptr;

 protected:
  void on_request_impl(http::verb verb, BeastView method, BeastView target, int version, error_code&) override {
    head->verb = verb;
    head->method = View(method);
    head->target = View(target);
    head->version = version;
  }
};

RequestReader::RequestReader() : parser_(std::make_unique<Parser>()) {}
RequestReader::~RequestReader() = default;

void RequestReader::Reset() {
  std::destroy_at(parser_.get());
  std::construct_at(parser_.get());
}

std::optional<Refusal> RequestReader::ReadHead(std::string_view block, const HeadLimits& limits, RequestHead& head) {
  head.fields.clear();
  head.framing = Framing::kNone;
  head.length = 0;
  head.websocket = head.expects_continue = false;
  parser_->head = &head;
  parser_->fields = &head.fields;
  error_code ec;
  const std::size_t used = parser_->put(boost::asio::const_buffer(block.data(), block.size()), ec);
  if (ec == http::error::bad_version) return Refusal{505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
  if (ec || used != block.size() || !parser_->is_header_done()) return Refusal{400, "The request is malformed."};
  if (head.target.size() > limits.target_bytes) return Refusal{414, "The request target is too long."};
  if (std::optional<Refusal> refusal = ReadFraming(head.fields, head.version, head.framing, head.length)) {
    return refusal;
  }
  if (std::optional<Refusal> refusal = ReadTarget(head)) return refusal;
  if (std::optional<Refusal> refusal = ReadExpectations(head)) return refusal;
  head.keep_alive = parser_->keep_alive();
  return std::nullopt;
}

BodyStep RequestReader::ReadChunks(std::string_view bytes, std::vector<std::string_view>& pieces) {
  return parser_->ReadChunks(bytes, pieces);
}

class ResponseReader::Parser : public Collector<false> {
 public:
  ResponseHead* head = nullptr;

 protected:
  void on_response_impl(int status, BeastView reason, int version, error_code&) override {
    head->status = status;
    head->reason = View(reason);
    head->version = version;
  }
};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::Reset() {
  std::destroy_at(parser_.get());
  std::construct_at(parser_.get());
}

std::optional<Refusal> ResponseReader::ReadHead(std::string_view block, bool to_head_request, ResponseHead& head) {
  head.fields.clear();
  head.framing = Framing::kNone;
  head.length = std::nullopt;
  head.event_stream = false;
  parser_->head = &head;
  parser_->fields = &head.fields;
  parser_->skip(to_head_request);
  error_code ec;
  const std::size_t used = parser_->put(boost::asio::const_buffer(block.data(), block.size()), ec);
  if (ec || used != block.size() || !parser_->is_header_done() || head.status < 100) {
    return Refusal{502, "The answer is malformed."};
  }
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  if (std::optional<Refusal> refusal = ReadFraming(head.fields, 11, framing, length)) {
    return Refusal{502, refusal->why};
  }
  for (const Field& field : head.fields) {
    if (field.id == http::field::content_length) head.length = length;
    if (field.id == http::field::content_type && field.value.size() >= 17) {
      head.event_stream = EqualsIgnoreCase(field.value.substr(0, 17), "text/event-stream");
    }
  }
  const bool has_no_body = to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  if (has_no_body) {
    head.framing = Framing::kNone;
  } else if (framing == Framing::kNone && !head.length) {
    head.framing = Framing::kUntilClose;
  } else {
    head.framing = framing;
  }
  head.keep_alive = parser_->keep_alive() && head.framing != Framing::kUntilClose;
  return std::nullopt;
}

BodyStep ResponseReader::ReadChunks(std::string_view bytes, std::vector<std::string_view>& pieces) {
  return parser_->ReadChunks(bytes, pieces);
}

}  // namespace perch::net
