#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "base/clock.h"
#include "net/http.h"

namespace perch::aws {

using Query = std::vector<std::pair<std::string, std::string>>;

/// A request before it is signed.
struct HttpRequest {
  std::string method = "GET";
  std::string scheme = "https";
  std::string host;        ///< with ":port" where it is not the scheme's own
  std::string path = "/";  ///< escaped, as it is sent
  Query query;             ///< names and values as they are; Url() escapes them
  net::Headers headers;
  std::string body;

  /// The whole URL, the query escaped exactly as it is signed.
  std::string Url() const;
};

/// What a signature is good for.
struct SigningScope {
  std::string region;
  std::string service;  ///< the signing name: "cloudformation", "ecr"
  bool s3 = false;      ///< S3's rules: the path as sent, and x-amz-content-sha256 on every request
};

/// Adds X-Amz-Date, X-Amz-Security-Token (for session credentials), for S3 x-amz-content-sha256, and Authorization:
/// AWS Signature Version 4 by headers. Every header is signed but User-Agent, Expect and what a proxy may change.
/// Pure.
void Sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope, Time now);

/// The canonical request of Signature Version 4, for tests and error messages; holds no secret but the session token.
std::string CanonicalRequest(const HttpRequest& request, const SigningScope& scope);

/// "20150830T123600Z".
std::string AmzDate(Time time);

/// A key or path escaped for a URL: '/' stays, all else but RFC 3986's unreserved characters is %XX.
std::string EscapePath(std::string_view path);

/// "a=1&b=%20", names and values escaped, in the order given.
std::string EncodeForm(const Query& query);

}  // namespace perch::aws
