#include "cli/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace perch::cli {
namespace {

constexpr std::size_t kShortestPassword = 8;

/// "HOST:PORT" or "[IPV6]:PORT"; "localhost" stands for 127.0.0.1.
Result<std::pair<std::string, std::uint16_t>> ReadAddress(const std::string& text) {
  const Error wrong{.kind = ErrorKind::kUsage,
                    .what = "--listen must be HOST:PORT",
                    .where = Printable(text),
                    .why = "HOST is an IP address or localhost, PORT a number up to 65535",
                    .hint = "For example --listen 127.0.0.1:7878, or --listen 0.0.0.0:443 for colleagues."};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Fail(wrong);
  std::string host = text.substr(0, colon);
  const std::optional<std::uint64_t> port = ParseNumber(text.substr(colon + 1));
  if (!port || *port > 65535) return Fail(wrong);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  unsigned char bytes[sizeof(in6_addr)];
  if (inet_pton(AF_INET, host.c_str(), bytes) != 1 && inet_pton(AF_INET6, host.c_str(), bytes) != 1) return Fail(wrong);
  return std::pair(host, std::uint16_t(*port));
}

bool Loopback(const std::string& host) { return host.starts_with("127.") || host == "::1"; }

Result<Secret> ReadPassword(const std::filesystem::path& file) {
  const Result<std::string> text = ReadFile(file, 64 << 10);
  if (!text)
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot read the password file",
                 .where = file.string(),
                 .why = text.error().why});
  const std::vector<std::string> lines = Lines(*text);
  if (lines.empty() || lines[0].size() < kShortestPassword) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "the password is too short",
                 .where = file.string(),
                 .why = "its first line must hold at least 8 characters"});
  }
  return Secret(lines[0]);
}

}  // namespace

Result<Listen> ReadListen(const Arguments& arguments) {
  const auto address = ReadAddress(arguments.listen);
  if (!address) return Fail(address.error());
  Listen listen{
      .host = address->first, .port = address->second, .certificate = {}, .key = {}, .password = std::nullopt};
  if (!arguments.tls.empty()) {
    const std::vector<std::string> files = Split(arguments.tls, ',');
    if (files.size() != 2 || files[0].empty() || files[1].empty()) {
      return Fail(
          {.kind = ErrorKind::kUsage, .what = "--tls takes two files", .hint = "For example --tls cert.pem,key.pem."});
    }
    listen.certificate = files[0];
    listen.key = files[1];
  }
  if (!arguments.password_file.empty()) {
    Result<Secret> password = ReadPassword(arguments.password_file);
    if (!password) return Fail(password.error());
    listen.password = std::move(*password);
  }
  if (!Loopback(listen.host) && (!listen.password || listen.certificate.empty())) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "others could reach every branch",
                 .where = "--listen " + Printable(arguments.listen),
                 .why = "it listens beyond this machine without protection",
                 .hint = "Add --tls CERT,KEY and --password-file FILE, or listen on 127.0.0.1."});
  }
  return listen;
}

Status ChooseFreePort(Listen& listen) {
  if (listen.port != 0) return {};
  const bool six = listen.host.find(':') != std::string::npos;
  const UniqueFd fd(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address6{.sin6_family = AF_INET6};
  sockaddr_in address4{.sin_family = AF_INET};
  inet_pton(AF_INET6, listen.host.c_str(), &address6.sin6_addr);
  inet_pton(AF_INET, listen.host.c_str(), &address4.sin_addr);
  auto* address = six ? reinterpret_cast<sockaddr*>(&address6) : reinterpret_cast<sockaddr*>(&address4);
  socklen_t size = six ? sizeof address6 : sizeof address4;
  if (bind(fd.get(), address, size) != 0 || getsockname(fd.get(), address, &size) != 0) {
    return Fail({.what = "cannot listen", .where = listen.host, .why = ErrnoText(errno)});
  }
  listen.port = ntohs(six ? address6.sin6_port : address4.sin_port);
  return {};
}

}  // namespace perch::cli
