#include "web/session_gate.h"

#include "base/text.h"
#include "web/answers.h"
#include "web/unknown_host.h"

namespace perch::web {
namespace {

// Whether a person's browser asks for a page, as opposed to a script, an image or a socket.
bool IsNavigation(const net::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return false;
  if (request.Header("Upgrade")) return false;
  if (const std::optional<std::string_view> mode = request.Header("Sec-Fetch-Mode")) return *mode == "navigate";
  return request.Header("Accept").value_or("").find("text/html") != std::string_view::npos;
}

std::string OriginForm(const std::string& target) { return target.starts_with('/') ? target : "/"; }

}  // namespace

std::optional<net::Response> SessionGate::Check(const net::Request& request) const {
  const std::optional<std::string> slug = access_.hosts().SlugOf(request.host);
  if (!slug) return UnknownHostAnswer(access_.hosts(), access_.protect(), request);
  const std::string_view path = request.Path();
  if (access_.protect()) {
    if (path == "/.perch/session") return Redeem(request, *slug);
    if (access_.SessionOf(request).empty()) {
      if (!IsNavigation(request)) return TextAnswer(401, "Sign in on perch's dashboard to see this.\n");
      const std::string back = access_.hosts().BranchUrl(*slug) + OriginForm(request.target);
      return RedirectAnswer(access_.hosts().DashboardUrl() + "/login?next=" + PercentEncode(back));
    }
  }
  if (path.starts_with("/.perch/")) return pages_.Handle(request);
  return std::nullopt;
}

net::Response SessionGate::Redeem(const net::Request& request, const std::string& slug) const {
  const std::optional<std::string> path = sessions_.RedeemTicket(request.host, request.Query("ticket").value_or(""));
  // Without a good ticket the front page asks for a sign-in again.
  net::Response response = RedirectAnswer(access_.hosts().BranchUrl(slug) + path.value_or("/"));
  if (path) {
    // Lax, not Strict: people come here by links in chats and mails.
    response.headers.emplace_back("Set-Cookie", access_.Cookie(request, sessions_.Issue(request.host), false));
  }
  return response;
}

}  // namespace perch::web
