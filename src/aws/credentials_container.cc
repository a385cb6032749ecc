#include <algorithm>
#include <array>

#include "aws/credential_places.h"
#include "base/text.h"
#include "net/host.h"

namespace perch::aws {
namespace {

constexpr std::string_view kEcsHost = "169.254.170.2";

/// Plain HTTP may go only to this machine and to the two addresses that Amazon's agents have.
bool MayBeAsked(std::string_view url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  std::string_view authority = url.substr(7);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::optional<net::HostAndPort> host = net::ParseHost(authority);
  if (!host) return false;
  constexpr std::array<std::string_view, 3> kAllowed = {kEcsHost, "169.254.170.23", "[fd00:ec2::23]"};
  return net::IsLoopback(host->host) || std::find(kAllowed.begin(), kAllowed.end(), host->host) != kAllowed.end();
}

}  // namespace

Found FromContainer(CredentialSearch& search) {
  const Surroundings& surroundings = search.surroundings;
  const auto bad = [](const std::string& where, std::string why, ErrorKind kind = ErrorKind::kFailed) {
    return Fail(
        {.kind = kind, .what = "cannot get the container's AWS credentials", .where = where, .why = std::move(why)});
  };
  std::string url;
  if (std::optional<std::string> relative = surroundings.Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    url = "http://" + std::string(kEcsHost) + (relative->starts_with('/') ? "" : "/") + *relative;
  } else if (std::optional<std::string> full = surroundings.Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
  } else {
    search.looked.emplace_back("a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
    return std::nullopt;
  }
  if (!MayBeAsked(url)) {
    return bad("AWS_CONTAINER_CREDENTIALS_FULL_URI", "plain http is allowed only to this machine and Amazon's agents",
               ErrorKind::kUsage);
  }
  net::RemoteRequest request{.url = url,
                             .headers = {{"Accept", "application/json"}},
                             .connect_timeout = std::chrono::seconds(2),
                             .timeout = std::chrono::seconds(5),
                             .body_limit = 1 << 20,
                             .use_proxy = false};
  std::string token = surroundings.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (std::optional<std::string> file = surroundings.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    Result<std::string> text = surroundings.read_file(*file);
    if (!text) return Fail(text.error(), "reading AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = Trim(*text);
  }
  if (token.find_first_of("\r\n") != token.npos) return bad("AWS_CONTAINER_AUTHORIZATION_TOKEN", "it holds a line end");
  if (!token.empty()) request.headers.emplace_back("Authorization", token);

  Result<net::RemoteResponse> response = surroundings.transport->Send(request, search.stop);
  if (!response) return Fail(response.error(), "getting the container's AWS credentials");
  if (response->status != 200) return bad(url, "the agent answered with status " + std::to_string(response->status));
  Result<Credentials> credentials = ParseCredentialsJson(response->body, "Token", "the container's agent");
  if (!credentials) return Fail(credentials.error());
  return std::move(*credentials);
}

}  // namespace perch::aws
