#include "image/registry.h"

#include <openssl/evp.h>

#include <boost/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "net/host.h"

namespace perch::image {
namespace {

namespace json = boost::json;

constexpr std::string_view kManifests =
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
constexpr std::size_t kLargestManifest = 4 << 20;  // what registries take
constexpr int kMostRedirects = 5;

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()), int(bytes.size()));
  text.resize(std::size_t(size));
  return text;
}

std::string Basic(const Login& login) { return "Basic " + Base64(login.user + ":" + login.password.Reveal()); }

std::string HeaderOf(const net::RemoteResponse& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

std::string Scheme(std::string_view host) { return net::IsLoopback(host) ? "http://" : "https://"; }

/// The server of an absolute URL: "https://auth.docker.io".
std::string ServerOf(std::string_view url) {
  const std::size_t begin = url.find("://");
  return begin == url.npos ? "" : std::string(url.substr(0, url.find_first_of("/?#", begin + 3)));
}

/// Whether what is secret may go there: over TLS, or not off this machine.
bool IsSafe(std::string_view url) {
  constexpr std::string_view kPlain = "http://";
  const std::string server = ServerOf(url);
  return server.starts_with("https://") ||
         (server.starts_with(kPlain) && net::IsLoopback(std::string_view(server).substr(kPlain.size())));
}

const json::value* Member(const json::value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

std::string TextIn(const json::value& value, std::string_view name) {
  const json::value* const member = Member(value, name);
  return member && member->is_string() ? std::string(member->get_string()) : "";
}

Error Unreadable(const std::string& where, std::string why) {
  return {.what = "cannot understand the registry's answer", .where = where, .why = std::move(why)};
}

Result<json::value> Parse(const std::string& text, const std::string& where) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return Fail(Unreadable(where, "it is no JSON object"));
  return value;
}

/// What a registry says of a failure: {"errors": [{"code": …, "message": …}]}.
std::string ReasonIn(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::value* const errors = error ? nullptr : Member(value, "errors");
  if (!errors || !errors->is_array() || errors->get_array().empty()) return "";
  const json::value& first = errors->get_array()[0];
  const std::string message = TextIn(first, "message");
  return Printable(message.empty() ? TextIn(first, "code") : message);
}

}  // namespace

std::string ChallengeValue(std::string_view challenge, std::string_view name) {
  std::size_t at = challenge.find(' ');
  while (at != challenge.npos && (at = challenge.find_first_not_of(" ,", at)) != challenge.npos) {
    const std::size_t equals = challenge.find('=', at);
    if (equals == challenge.npos) return "";
    const bool quoted = challenge.substr(equals + 1).starts_with('"');
    const std::size_t begin = equals + (quoted ? 2 : 1);
    const std::size_t end = challenge.find(quoted ? '"' : ',', begin);
    if (EqualsIgnoreCase(Trim(challenge.substr(at, equals - at)), name)) {
      return std::string(challenge.substr(begin, end == challenge.npos ? end : end - begin));
    }
    at = end == challenge.npos ? end : end + 1;
  }
  return "";
}

Registry::Registry(net::Transport& transport, std::string repository, LoginPort login)
    : transport_(transport),
      repository_(std::move(repository)),
      host_([&] {
        const std::string host = ImageReference{.repository = repository_}.Registry();
        return host == "docker.io" ? "registry-1.docker.io" : host;
      }()),
      name_([&] {
        const std::string name = ImageReference{.repository = repository_}.Name();
        return host_ == "registry-1.docker.io" && name.find('/') == name.npos ? "library/" + name : name;
      }()),
      login_(std::move(login)) {}

Result<std::optional<std::string>> Registry::Find(const std::string& tag, std::stop_token stop) const {
  const std::string path = "/manifests/" + tag;
  Result<net::RemoteResponse> answer = Ask("HEAD", path, stop);
  if (!answer && answer.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!answer) return Fail(answer.error());
  std::string digest = HeaderOf(*answer, "Docker-Content-Digest");
  if (digest.empty()) {
    answer = Ask("GET", path, stop);
    if (!answer) return Fail(answer.error());
    digest = "sha256:" + Sha256Hex(answer->body);
  }
  if (!IsDigest(digest)) return Fail(Unreadable(repository_ + ":" + tag, "it gives no SHA-256 digest"));
  return digest;
}

Result<std::string> Registry::Architecture(const std::string& digest, std::stop_token stop) const {
  const Result<std::string> text = Content("manifests", digest, stop);
  if (!text) return Fail(text.error());
  const std::string where = repository_ + "@" + digest;
  const Result<json::value> manifest = Parse(*text, where);
  if (!manifest) return Fail(manifest.error());
  if (const json::value* const images = Member(*manifest, "manifests"); images && images->is_array()) {
    std::vector<std::string> architectures;
    for (const json::value& image : images->get_array()) {
      const json::value* const platform = Member(image, "platform");
      std::string one = platform ? TextIn(*platform, "architecture") : "";
      // What is said of an image, signatures for example, stands in the list with its images.
      if (!one.empty() && one != "unknown") architectures.push_back(Printable(one));
    }
    if (architectures.empty()) return Fail(Unreadable(where, "it lists no image"));
    return Join(architectures, ",");
  }
  const json::value* const config = Member(*manifest, "config");
  const std::string config_digest = config ? TextIn(*config, "digest") : "";
  if (!IsDigest(config_digest)) return Fail(Unreadable(where, "it is no image's manifest"));
  const Result<std::string> blob = Content("blobs", config_digest, stop);
  if (!blob) return Fail(blob.error());
  const Result<json::value> facts = Parse(*blob, where);
  if (!facts) return Fail(facts.error());
  const std::string architecture = TextIn(*facts, "architecture");
  if (architecture.empty()) return Fail(Unreadable(where, "it names no architecture"));
  return Printable(architecture);
}

Result<std::string> Registry::Content(const std::string& kind, const std::string& digest, std::stop_token stop) const {
  Result<net::RemoteResponse> answer = Ask("GET", "/" + kind + "/" + digest, stop);
  if (!answer) return Fail(answer.error());
  if ("sha256:" + Sha256Hex(answer->body) == digest) return std::move(answer->body);
  return Fail(Unreadable(repository_ + "@" + digest, "its content is not what the digest says"));
}

Result<net::RemoteResponse> Registry::Ask(const std::string& method, const std::string& path,
                                          std::stop_token stop) const {
  net::RemoteRequest request{.method = method,
                             .url = Scheme(host_) + host_ + "/v2/" + name_ + path,
                             .headers = {{"Accept", std::string(kManifests)}},
                             .body_limit = kLargestManifest};
  Result<net::RemoteResponse> answer = transport_.Send(request, stop);
  if (answer && answer->status == 401) {
    const Result<std::string> authorization = Authorization(HeaderOf(*answer, "WWW-Authenticate"), stop);
    if (!authorization) return Fail(authorization.error());
    if (!authorization->empty()) {
      request.headers.emplace_back("Authorization", *authorization);
      answer = transport_.Send(request, stop);
    }
  }
  if (answer) answer = Follow(std::move(*answer), request.url, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status == 200) return answer;
  std::string why = ReasonIn(answer->body);
  if (why.empty()) why = "it answers " + std::to_string(answer->status);
  switch (answer->status) {
    case 404:
      return Fail({.kind = ErrorKind::kNotFound, .what = "there is no such image", .where = repository_, .why = why});
    case 401:
    case 403:
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "the registry does not let us read the repository",
                   .where = repository_,
                   .why = why,
                   .hint = "Log in (`docker login " + host_ + "`), with rights to pull and to push."});
    default:
      return Fail({.kind = ErrorKind::kUnavailable,
                   .what = "cannot ask the registry",
                   .where = repository_,
                   .why = why,
                   .hint = answer->status == 429 ? "It asks to slow down: try again later." : ""});
  }
}

/// Registries keep blobs elsewhere. The authorization stays with the registry.
Result<net::RemoteResponse> Registry::Follow(net::RemoteResponse answer, const std::string& from,
                                             std::stop_token stop) const {
  std::string base = from;
  for (int i = 0; i < kMostRedirects && answer.status >= 300 && answer.status < 400; ++i) {
    std::string target = HeaderOf(answer, "Location");
    if (target.starts_with('/') && !target.starts_with("//")) target = ServerOf(base) + target;
    if (!IsSafe(target)) return Fail(Unreadable(repository_, "it leads to " + Printable(ServerOf(target))));
    Result<net::RemoteResponse> next = transport_.Send(
        {.url = target, .headers = {{"Accept", std::string(kManifests)}}, .body_limit = kLargestManifest}, stop);
    if (!next) return Fail(next.error());
    answer = std::move(*next);
    base = std::move(target);
  }
  return answer;
}

/// "" when there is nothing to say who we are with.
Result<std::string> Registry::Authorization(std::string_view challenge, std::stop_token stop) const {
  const Result<std::optional<Login>> login = login_ ? login_() : std::nullopt;
  if (!login) return Fail(login.error());
  const std::string_view scheme = challenge.substr(0, challenge.find(' '));
  if (EqualsIgnoreCase(scheme, "Bearer")) return Token(challenge, *login, stop);
  if (EqualsIgnoreCase(scheme, "Basic") && *login) return Basic(**login);
  return "";
}

Result<std::string> Registry::Token(std::string_view challenge, const std::optional<Login>& login,
                                    std::stop_token stop) const {
  const std::string realm = ChallengeValue(challenge, "realm");
  if (!IsSafe(realm)) return Fail(Unreadable(repository_, "it gives tokens at " + Printable(ServerOf(realm))));
  const std::string scope = login ? ":pull,push" : ":pull";
  net::RemoteRequest request{.url = realm + (realm.find('?') == realm.npos ? "?" : "&") +
                                    "service=" + PercentEncode(ChallengeValue(challenge, "service")) +
                                    "&scope=" + PercentEncode("repository:" + name_ + scope),
                             .body_limit = kLargestManifest};
  if (login) request.headers.emplace_back("Authorization", Basic(*login));
  const Result<net::RemoteResponse> answer = transport_.Send(request, stop);
  if (!answer) return Fail(answer.error());
  if (answer->status == 401 || answer->status == 403) {
    return Fail({.kind = ErrorKind::kRefused, .what = "the registry refused the login", .where = host_});
  }
  if (answer->status != 200) {
    return Fail({.kind = ErrorKind::kUnavailable,
                 .what = "cannot ask the registry",
                 .where = ServerOf(realm),
                 .why = "it answers " + std::to_string(answer->status)});
  }
  const Result<json::value> parsed = Parse(answer->body, ServerOf(realm));
  if (!parsed) return Fail(parsed.error());
  std::string token = TextIn(*parsed, "token");
  if (token.empty()) token = TextIn(*parsed, "access_token");
  if (token.empty()) return Fail(Unreadable(ServerOf(realm), "it has no token"));
  return "Bearer " + token;
}

}  // namespace perch::image
