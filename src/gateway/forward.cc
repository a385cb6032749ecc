#include "gateway/forward.h"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>

#include "base/text.h"
#include "net/gate.h"
#include "net/http.h"

namespace perch::gateway {
namespace http = boost::beast::http;
namespace {

using net::Field;

void AppendNumber(std::uint64_t number, std::string& out) {
  char text[20];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool IsHopByHop(http::field id) {
  switch (id) {
    case http::field::connection:
    case http::field::keep_alive:
    case http::field::proxy_connection:
    case http::field::proxy_authenticate:
    case http::field::proxy_authorization:
    case http::field::te:
    case http::field::trailer:
    case http::field::transfer_encoding:
    case http::field::upgrade:
      return true;
    default:
      return false;
  }
}

// Fields that a message calls its own hop's by naming them in Connection. Most messages name none.
class NamedByConnection {
 public:
  explicit NamedByConnection(const std::vector<Field>& fields) : fields_(fields) {
    for (const Field& field : fields) {
      if (field.id != http::field::connection) continue;
      for (const boost::beast::string_view token : http::token_list({field.value.data(), field.value.size()})) {
        const std::string_view name(token.data(), token.size());
        if (EqualsIgnoreCase(name, "close") || EqualsIgnoreCase(name, "keep-alive") ||
            EqualsIgnoreCase(name, "upgrade")) {
          continue;
        }
        any_ = true;
      }
    }
  }
  bool Names(std::string_view field) const { return any_ && net::ConnectionNames(fields_, field); }

 private:
  const std::vector<Field>& fields_;
  bool any_ = false;
};

// Names that only perch may say to an app. CGI and WSGI fold '_' and '-' into one, so no name with '_' passes at all.
bool IsReservedName(const Field& field) {
  if (field.name.find('_') != std::string_view::npos) return true;
  switch (field.name.front()) {
    case 'x':
    case 'X':
      return (field.name.size() > 12 && EqualsIgnoreCase(field.name.substr(0, 12), "x-forwarded-")) ||
             EqualsIgnoreCase(field.name, "x-real-ip");
    case 'f':
    case 'F':
      return EqualsIgnoreCase(field.name, "forwarded");
    case 'p':
    case 'P':
      return EqualsIgnoreCase(field.name, "proxy");  // becomes HTTP_PROXY in CGI
    default:
      return false;
  }
}

bool IsOwnCookie(std::string_view pair) {
  const std::string_view name = Trim(pair.substr(0, pair.find('=')));
  return name == net::kSessionCookie || name == net::kSecureSessionCookie;
}

void AppendForwarding(const net::RequestHead& head, const Origin& origin, std::string& out) {
  const std::string_view scheme = origin.tls ? "https" : "http";
  AppendField("X-Forwarded-For", origin.address, out);
  AppendField("X-Forwarded-Proto", scheme, out);
  AppendField("X-Forwarded-Host", head.host_header, out);
  AppendField("X-Real-IP", origin.address, out);
  const bool v6 = origin.address.find(':') != std::string_view::npos;
  out.append("Forwarded: for=").append(v6 ? "\"[" : "").append(origin.address).append(v6 ? "]\"" : "");
  out.append(";host=\"").append(head.host_header).append("\";proto=").append(scheme).append("\r\n");
}

}  // namespace

void AppendForeignCookies(std::string_view cookies, std::string& out) {
  bool first = true;
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = Trim(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    if (pair.empty() || IsOwnCookie(pair)) continue;
    if (!first) out += "; ";
    out += pair;
    first = false;
  }
}

void WriteUpstreamHead(const net::RequestHead& head, const Origin& origin, std::string& out) {
  out.clear();
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  AppendField("Host", head.host_header, out);
  const NamedByConnection connection(head.fields);
  for (const Field& field : head.fields) {
    if (field.id == http::field::host || field.id == http::field::content_length || field.id == http::field::expect ||
        IsHopByHop(field.id) || IsReservedName(field) || connection.Names(field.name)) {
      continue;
    }
    if (field.id == http::field::cookie && field.value.find("perch_session") != std::string_view::npos) {
      const std::size_t before = out.size();
      out.append(field.name).append(": ");
      const std::size_t start = out.size();
      AppendForeignCookies(field.value, out);
      if (out.size() == start) {
        out.resize(before);
      } else {
        out += "\r\n";
      }
      continue;
    }
    AppendField(field.name, field.value, out);
  }
  AppendForwarding(head, origin, out);
  if (head.framing == net::Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.framing == net::Framing::kLength || std::ranges::any_of(head.fields, [](const Field& field) {
               return field.id == http::field::content_length;
             })) {
    out += "Content-Length: ";
    AppendNumber(head.length, out);
    out += "\r\n";
  }
  if (head.expects_continue) out += "Expect: 100-continue\r\n";
  if (head.websocket) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  out += "\r\n";
}

void WriteClientHead(const net::ResponseHead& head, const Delivery& delivery, std::string& out) {
  out.clear();
  out += "HTTP/1.1 ";
  AppendNumber(static_cast<std::uint64_t>(head.status), out);
  out.append(" ").append(head.reason).append("\r\n");
  const NamedByConnection connection(head.fields);
  for (const Field& field : head.fields) {
    if (field.id == http::field::content_length || IsHopByHop(field.id) || connection.Names(field.name)) continue;
    // perch's own word counts, and perch's own cookies are perch's to set.
    if (delivery.noindex && EqualsIgnoreCase(field.name, "X-Robots-Tag")) continue;
    if (field.id == http::field::set_cookie && IsOwnCookie(field.value)) continue;
    AppendField(field.name, field.value, out);
  }
  if (delivery.noindex && head.status >= 200) out += "X-Robots-Tag: noindex\r\n";
  if (head.status == 101) {
    out += "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    return;
  }
  if (delivery.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.length && head.status >= 200 && head.status != 204) {
    out += "Content-Length: ";
    AppendNumber(*head.length, out);
    out += "\r\n";
  }
  if (head.status >= 200) {
    if (!delivery.keep_open) {
      out += "Connection: close\r\n";
    } else if (delivery.version < 11) {
      out += "Connection: keep-alive\r\n";
    }
  }
  out += "\r\n";
}

}  // namespace perch::gateway
