#include "web/access.h"

#include "base/digest.h"
#include "base/text.h"
#include "net/gate.h"

namespace perch::web {
namespace {

Refusal NeedsSignIn(bool protect) {
  return {401,
          {.kind = ErrorKind::kRefused,
           .what = "you are not signed in",
           .hint = protect ? "Sign in at /login, or send the token as 'Authorization: Bearer ...'."
                           : "Run 'perch open', or send the token as 'Authorization: Bearer ...'."}};
}

std::optional<std::string_view> BearerOf(const net::Request& request) {
  const std::optional<std::string_view> header = request.Header("Authorization");
  if (!header || header->size() < 7 || !EqualsIgnoreCase(header->substr(0, 7), "Bearer ")) return std::nullopt;
  return Trim(header->substr(7));
}

}  // namespace

bool Access::TokenMatches(std::string_view token) const {
  return !options_.token.empty() && EqualInConstantTime(token, options_.token.Reveal());
}

std::string Access::SessionOf(const net::Request& request) const {
  const std::optional<std::string_view> cookie =
      request.Cookie(Secure(request) ? net::kSecureSessionCookie : net::kSessionCookie);
  if (!cookie || !sessions_.Valid(request.host, *cookie)) return "";
  return std::string(*cookie);
}

std::optional<Refusal> Access::CheckRead(const net::Request& request) const {
  if (request.trusted || !options_.protect) return std::nullopt;
  if (const std::optional<std::string_view> token = BearerOf(request); token && TokenMatches(*token))
    return std::nullopt;
  if (!SessionOf(request).empty()) return std::nullopt;
  return NeedsSignIn(options_.protect);
}

bool Access::FromOwnPage(const net::Request& request) const {
  const std::optional<std::string_view> origin = request.Header("Origin");
  if (!origin) return false;
  const std::optional<HttpUrl> url = ParseUrl(*origin);
  const std::optional<HttpUrl> own =
      ParseUrl((Secure(request) ? "https://" : "http://") + ToLower(request.host_header));
  return url && own && url->tls == own->tls && url->host == own->host && url->port == own->port && url->path == "/";
}

std::optional<Refusal> Access::CheckChange(const net::Request& request) const {
  if (request.trusted) return std::nullopt;
  if (const std::optional<std::string_view> token = BearerOf(request)) {
    if (TokenMatches(*token)) return std::nullopt;
    return Refusal{401,
                   {.kind = ErrorKind::kRefused,
                    .what = "the token is wrong",
                    .hint = "Read it anew from the state folder; each 'perch serve' on new state makes its own."}};
  }
  const std::string session = SessionOf(request);
  if (session.empty()) return NeedsSignIn(options_.protect);
  if (!FromOwnPage(request)) {
    return Refusal{403,
                   {.kind = ErrorKind::kRefused,
                    .what = "the request does not come from one of perch's own pages",
                    .where = std::string(request.Header("Origin").value_or("no Origin header")),
                    .hint = "Open the dashboard and use its buttons."}};
  }
  std::string key(request.Header(kFormHeader).value_or(""));
  if (key.empty()) {
    for (const std::pair<std::string, std::string>& field : net::ParseForm(request.body)) {
      if (field.first == kFormField) key = field.second;
    }
  }
  if (EqualInConstantTime(key, sessions_.FormKey(session))) return std::nullopt;
  return Refusal{403,
                 {.kind = ErrorKind::kRefused,
                  .what = "this form belongs to another sign-in",
                  .hint = "Load the page again, then press the button again."}};
}

std::string Access::Cookie(const net::Request& request, std::string_view session, bool strict) const {
  const bool secure = Secure(request);
  std::string cookie(secure ? net::kSecureSessionCookie : net::kSessionCookie);
  cookie += "=" + std::string(session) + "; Path=/; HttpOnly; SameSite=" + (strict ? "Strict" : "Lax");
  if (secure) cookie += "; Secure";
  const std::chrono::seconds age = session.empty() ? std::chrono::seconds(0) : std::chrono::seconds(kSessionLength);
  return cookie + "; Max-Age=" + std::to_string(age.count());
}

}  // namespace perch::web
