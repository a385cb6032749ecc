#include "aws/sign.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/digest.h"
#include "base/text.h"

namespace perch::aws {
namespace {

constexpr std::array<std::string_view, 6> kUnsigned = {"authorization", "connection",      "expect",
                                                       "user-agent",    "x-amzn-trace-id", "transfer-encoding"};

std::string CanonicalQuery(const Query& query) {
  Query escaped;
  for (const auto& [name, value] : query) escaped.emplace_back(PercentEncode(name), PercentEncode(value));
  std::sort(escaped.begin(), escaped.end());
  std::string text;
  for (const auto& [name, value] : escaped) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

/// RFC 3986, 5.2.4, and no empty segments: every service but S3 signs the path in this form.
std::string WithoutDots(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return "/" + Join(kept, "/") + (path.ends_with('/') && !kept.empty() ? "/" : "");
}

std::string TrimAll(std::string_view value) {
  std::string text;
  for (const char c : Trim(value)) {
    const bool space = c == ' ' || c == '\t';
    if (!space || !text.ends_with(' ')) text += space ? ' ' : c;
  }
  return text;
}

/// Lower-case names, sorted, each with its values joined.
std::map<std::string, std::string> SignedHeaders(const HttpRequest& request) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = ToLower(name);
    if (std::find(kUnsigned.begin(), kUnsigned.end(), lower) != kUnsigned.end()) continue;
    const auto [at, added] = headers.emplace(lower, TrimAll(value));
    if (!added) at->second += "," + TrimAll(value);
  }
  headers.emplace("host", request.host);
  return headers;
}

std::string Names(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

void SetHeader(net::Headers& headers, std::string_view name, std::string value) {
  std::erase_if(headers, [&](const auto& header) { return EqualsIgnoreCase(header.first, name); });
  headers.emplace_back(name, std::move(value));
}

}  // namespace

std::string EscapePath(std::string_view path) {
  std::string text;
  for (const std::string& part : Split(path, '/')) text += "/" + PercentEncode(part);
  return text.substr(1);
}

std::string EncodeForm(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return text;
}

std::string HttpRequest::Url() const {
  const std::string form = EncodeForm(query);
  return scheme + "://" + host + path + (form.empty() ? "" : "?" + form);
}

std::string AmzDate(Time time) {
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::milliseconds> clock(time - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02dZ", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), int(clock.hours().count()), int(clock.minutes().count()),
                int(clock.seconds().count()));
  return text;
}

std::string CanonicalRequest(const HttpRequest& request, const SigningScope& scope) {
  const std::map<std::string, std::string> headers = SignedHeaders(request);
  std::string text = request.method + "\n";
  text += (scope.s3 ? request.path : EscapePath(WithoutDots(request.path))) + "\n";
  text += CanonicalQuery(request.query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  text += "\n" + Names(headers) + "\n";
  const auto hash = headers.find("x-amz-content-sha256");
  return text + (hash != headers.end() ? hash->second : Sha256Hex(request.body));
}

void Sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope, Time now) {
  const std::string date = AmzDate(now);
  SetHeader(request.headers, "X-Amz-Date", date);
  if (!credentials.session_token.empty()) {
    SetHeader(request.headers, "X-Amz-Security-Token", credentials.session_token.Reveal());
  }
  if (scope.s3) SetHeader(request.headers, "x-amz-content-sha256", Sha256Hex(request.body));

  const std::string day = date.substr(0, 8);
  const std::string place = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string text =
      "AWS4-HMAC-SHA256\n" + date + "\n" + place + "\n" + Sha256Hex(CanonicalRequest(request, scope));
  std::string key = HmacSha256("AWS4" + credentials.secret_access_key.Reveal(), day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  SetHeader(request.headers, "Authorization",
            "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + place +
                ", SignedHeaders=" + Names(SignedHeaders(request)) + ", Signature=" + HmacSha256Hex(key, text));
}

}  // namespace perch::aws
