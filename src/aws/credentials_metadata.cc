#include "aws/credential_places.h"
#include "base/text.h"

namespace perch::aws {
namespace {

/// Version 2 of the instance metadata service: a token by PUT first, so that a proxy or a tricked server cannot ask.
class Metadata {
 public:
  Metadata(CredentialSearch& search, std::string endpoint) : search_(search), endpoint_(std::move(endpoint)) {}

  Result<net::RemoteResponse> Put(const std::string& path, net::Headers headers) {
    return Send("PUT", path, std::move(headers));
  }
  Result<net::RemoteResponse> Get(const std::string& path) {
    return Send("GET", path, {{"X-aws-ec2-metadata-token", token.Reveal()}});
  }
  Secret token;

 private:
  Result<net::RemoteResponse> Send(const std::string& method, const std::string& path, net::Headers headers) {
    // Off EC2 nothing answers there: a second is long on EC2 and short for people.
    const net::RemoteRequest request{.method = method,
                                     .url = endpoint_ + path,
                                     .headers = std::move(headers),
                                     .connect_timeout = std::chrono::seconds(1),
                                     .timeout = std::chrono::seconds(2),
                                     .body_limit = 1 << 20,
                                     .use_proxy = false};
    return search_.surroundings.transport->Send(request, search_.stop);
  }

  CredentialSearch& search_;
  std::string endpoint_;
};

}  // namespace

Found FromInstanceMetadata(CredentialSearch& search) {
  const auto none = [&](const std::string& why) -> Found {
    search.looked.push_back("instance metadata: " + why);
    return std::nullopt;
  };
  if (ToLower(search.surroundings.Variable("AWS_EC2_METADATA_DISABLED").value_or("")) == "true") {
    return none("AWS_EC2_METADATA_DISABLED is true");
  }
  std::string endpoint =
      search.surroundings.Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  Metadata metadata(search, endpoint);

  Result<net::RemoteResponse> token =
      metadata.Put("/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  if (!token && token.error().kind == ErrorKind::kCancelled) return Fail(token.error());
  if (!token) return none("this is no EC2 instance (" + token.error().why + ")");
  if (token->status != 200 || token->body.empty() || token->body.find_first_of("\r\n") != std::string::npos) {
    return none("it gave no token (status " + std::to_string(token->status) + ")");
  }
  metadata.token = Secret(token->body);

  const std::string path = "/latest/meta-data/iam/security-credentials/";
  Result<net::RemoteResponse> role = metadata.Get(path);
  if (!role) return none(role.error().why);
  if (role->status != 200) return none("the instance has no role");
  const std::string name(Trim(role->body.substr(0, role->body.find('\n'))));
  if (name.empty()) return none("the instance has no role");
  Result<net::RemoteResponse> answer = metadata.Get(path + PercentEncode(name));
  if (!answer) return Fail(answer.error(), "getting the instance's AWS credentials");
  if (answer->status != 200) return none("it gave no credentials for role " + Printable(name));
  Result<Credentials> credentials =
      ParseCredentialsJson(answer->body, "Token", "instance metadata, role " + Printable(name));
  if (!credentials) return Fail(credentials.error());
  return std::move(*credentials);
}

}  // namespace perch::aws
