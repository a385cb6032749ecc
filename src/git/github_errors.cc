#include "git/github_errors.h"

#include <algorithm>

#include "base/text.h"
#include "git/github_parse.h"

namespace perch::git {
namespace {

constexpr const char* kOtherToken =
    "Make a new token on GitHub (Settings, Developer settings) and set GITHUB_TOKEN to it.";

/// "contents=read; statuses=write" as "contents: read or statuses: write"; "" for anything unexpected.
std::string Permissions(std::string_view header) {
  std::string text;
  for (const char c : header.substr(0, 200)) {
    if (c == '=') {
      text += ": ";
    } else if (c == ';') {
      text += " or";
    } else if (c == ',' || c == ' ' || c == '_' || c == '-' || (c >= 'a' && c <= 'z')) {
      text += c;
    } else {
      return "";
    }
  }
  return text;
}

/// The address at which a person authorises the token: "required; url=https://github.com/orgs/acme/sso?...".
std::string SsoUrl(std::string_view header, const GitHubPlace& place) {
  const std::size_t at = header.find("url=");
  if (at == header.npos) return "";
  const std::string_view url = header.substr(at + 4, header.find_first_of(" ;,", at) - at - 4);
  const bool ours = url.starts_with("https://" + place.host + "/") && url.size() < 1000 &&
                    std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  return ours ? std::string(url) : "";
}

void TellOf404(const GitHubPlace& place, bool with_token, const GitHubQuestion& question, Error& error) {
  if (!with_token) {
    error.why = "GitHub says that it is not there (404); a private one looks the same to whoever has no token";
    error.hint = "Check the spelling of " + place.owner + "/" + place.name +
                 "; for a private repository set GITHUB_TOKEN to a token that may read it.";
    return;
  }
  error.why = "GitHub says that it is not there (404); the token may not see it";
  error.hint = "Check the spelling of " + place.owner + "/" + place.name + ", and that the token has the permission " +
               question.need + " there.";
}

void TellOf403(const GitHubPlace& place, bool with_token, const GitHubQuestion& question, const GitHubAnswer& answer,
               const std::string& said, Error& error) {
  const std::string lower = ToLower(said);
  if (const std::string_view sso = answer.Header("x-github-sso"); !sso.empty()) {
    error.why = "the organisation asks for single sign-on, and the token is not authorised for it (403)";
    const std::string url = SsoUrl(sso, place);
    error.hint = url.empty() ? "Authorise the token: GitHub, Settings, Developer settings, Configure SSO."
                             : "Authorise the token at " + url;
    return;
  }
  error.why = "GitHub refuses (403)" + (said.empty() ? "" : ": " + said);
  if (lower.contains("suspended")) {
    error.hint = "The account that the token belongs to is suspended; use another account's token.";
  } else if (lower.contains("ip allow list")) {
    error.hint = "Ask an owner of " + place.owner + " to add this machine's address to the allow list.";
  } else if (lower.contains("access blocked") || lower.contains("disabled")) {
    error.hint = "GitHub has blocked the repository; its owner is told why on its page.";
  } else {
    const std::string asked = Permissions(answer.Header("x-accepted-github-permissions"));
    const std::string need = asked.empty() ? question.need : asked;
    error.hint = with_token ? "Give the token the permission " + need + " for " + place.owner + "/" + place.name + "."
                            : "Set GITHUB_TOKEN to a token with the permission " + need + ".";
  }
}

}  // namespace

Error ErrorOfAnswer(const GitHubPlace& place, bool with_token, const GitHubQuestion& question,
                    const GitHubAnswer& answer) {
  Error error{.kind = ErrorKind::kUnavailable, .what = question.doing, .where = place.Shown()};
  const std::string said = ParseMessage(answer.body);
  switch (answer.status) {
    case 401:
      error.why = with_token ? "GitHub does not take the token (401" + (said.empty() ? "" : ": " + said) + ")"
                             : "GitHub wants a token (401)";
      error.hint = with_token ? std::string("It may have expired or been revoked. ") + kOtherToken
                              : "Set GITHUB_TOKEN to a token with the permission " + question.need + ".";
      break;
    case 403:
      TellOf403(place, with_token, question, answer, said, error);
      break;
    case 404:
      TellOf404(place, with_token, question, error);
      break;
    case 451:
      error.why = "the repository is blocked for legal reasons (451)";
      error.hint = "GitHub tells its owner why on the repository's page.";
      break;
    default:
      error.why = "GitHub answered " + std::to_string(answer.status);
      if (const std::string_view reason = net::ReasonPhrase(answer.status); !reason.empty()) {
        error.why += " (" + std::string(reason) + ")";
      }
      if (!said.empty()) error.why += ": " + said;
      if (answer.status >= 500) {
        error.hint = place.host == "github.com" ? "Try again later; https://www.githubstatus.com tells of outages."
                                                : "Try again later, or ask who looks after " + place.host + ".";
      } else if (place.host != "github.com") {
        error.hint = "Check that GITHUB_API_URL is the address of a GitHub API.";
      }
  }
  return error;
}

}  // namespace perch::git
