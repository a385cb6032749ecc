#include "web/answers.h"

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/value.h"

namespace perch::web {
namespace {

// RFC 9110 10.2.3: seconds.
constexpr std::string_view kRetryAfter = "2";

// CSP level 3 source for an inline element.
std::string HashSource(std::string_view text) {
  const std::string digest = Sha256(text);
  std::string base64(4 * ((digest.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                      reinterpret_cast<const unsigned char*>(digest.data()), static_cast<int>(digest.size()));
  base64.resize(static_cast<std::size_t>(length));
  return "'sha256-" + base64 + "'";
}

net::Response Answer(int status, std::string type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::move(type)},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      // Not "no-referrer": with it a browser sends "Origin: null" with forms.
                      {"Referrer-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  response.body = std::move(body);
  return response;
}

void AddPageHeaders(net::Response& response, std::string policy) {
  response.headers.emplace_back("Content-Security-Policy", std::move(policy));
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("X-Robots-Tag", "noindex");
}

}  // namespace

net::Response PageAnswer(int status, const Markup& page, std::string_view form_targets) {
  net::Response response = Answer(status, "text/html; charset=utf-8", page.html());
  std::string policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
  if (!form_targets.empty()) policy += " " + std::string(form_targets);
  AddPageHeaders(response, std::move(policy));
  return response;
}

net::Response LonePageAnswer(int status, const Markup& page, std::string_view style, std::string_view script) {
  net::Response response = Answer(status, "text/html; charset=utf-8", page.html());
  AddPageHeaders(response, "default-src 'none'; script-src " + HashSource(script) + "; style-src " + HashSource(style) +
                               "; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
                               "form-action 'none'");
  return response;
}

net::Response JsonAnswer(int status, std::string json) { return Answer(status, "application/json", json + "\n"); }

net::Response TextAnswer(int status, std::string text) {
  return Answer(status, "text/plain; charset=utf-8", std::move(text));
}

net::Response RedirectAnswer(std::string url) {
  net::Response response = TextAnswer(303, "");
  response.headers.emplace_back("Location", std::move(url));
  return response;
}

net::Response ErrorAnswer(const Error& error, int status) {
  if (status == 0) status = StatusFor(error.kind);
  net::Response response = JsonAnswer(status, "{\"error\":" + ErrorJson(error) + "}");
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfter);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"perch\"");
  return response;
}

net::Response MethodAnswer(std::string allowed) {
  net::Response response = ErrorAnswer(
      {.kind = ErrorKind::kUsage, .what = "this address does not take that method", .hint = "Use " + allowed + "."},
      405);
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

int StatusFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 400;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kRefused:
    case ErrorKind::kSuperseded:
    case ErrorKind::kCancelled:
      return 409;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kFailed:
      return 500;
  }
  return 500;
}

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFailed:
      return "failed";
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kRefused:
      return "refused";
    case ErrorKind::kSuperseded:
      return "superseded";
    case ErrorKind::kNotFound:
      return "not-found";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "failed";
}

JsonObject& JsonObject::Text(std::string_view key, std::string_view value) { return Raw(key, JsonString(value)); }

JsonObject& JsonObject::Raw(std::string_view key, std::string_view json) {
  if (text_.size() > 1) text_ += ",";
  text_ += JsonString(key) + ":" + std::string(json);
  return *this;
}

std::string ErrorJson(const Error& error) {
  return JsonObject()
      .Text("kind", ErrorKindName(error.kind))
      .Text("what", error.what)
      .Text("where", error.where)
      .Text("why", error.why)
      .Text("hint", error.hint)
      .Done();
}

}  // namespace perch::web
