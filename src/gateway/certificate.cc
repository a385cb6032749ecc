#include "gateway/certificate.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <string>

#include "base/log.h"
#include "net/asio.h"

namespace perch::gateway {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr std::chrono::seconds kLookEvery{1};

void AppendStamp(const std::filesystem::path& path, std::string& stamp) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    stamp += "absent;";
    return;
  }
  stamp += std::to_string(info.st_ino) + "/" + std::to_string(info.st_size) + "/" +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + ";";
}

// ALPN (RFC 7301): HTTP/1.1 is all that is spoken here.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                   unsigned int in_length, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kHttp11, sizeof kHttp11 - 1, in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<ssl::context>> MakeContext(const std::filesystem::path& chain,
                                                  const std::filesystem::path& key) {
  std::shared_ptr<ssl::context> context = std::make_shared<ssl::context>(ssl::context::tls_server);
  const auto failure = [](const std::filesystem::path& path, const error_code& ec) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use the TLS certificate",
                 .where = path,
                 .why = ec.message(),
                 .hint = "Give a PEM file with the certificate chain, and one with its unencrypted key."});
  };
  error_code ec;
  context->use_certificate_chain_file(chain.string(), ec);
  if (ec) return failure(chain, ec);
  context->use_private_key_file(key.string(), ssl::context::pem, ec);
  if (ec) return failure(key, ec);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, ChooseProtocol, nullptr);
  return context;
}

}  // namespace

Certificate::Certificate(std::filesystem::path chain, std::filesystem::path key)
    : chain_(std::move(chain)), key_(std::move(key)) {}

Result<std::unique_ptr<Certificate>> Certificate::Load(std::filesystem::path chain, std::filesystem::path key) {
  std::unique_ptr<Certificate> certificate(new Certificate(std::move(chain), std::move(key)));
  AppendStamp(certificate->chain_, certificate->stamp_);
  AppendStamp(certificate->key_, certificate->stamp_);
  Result<std::shared_ptr<ssl::context>> context = MakeContext(certificate->chain_, certificate->key_);
  if (!context) return Fail(std::move(context.error()));
  certificate->context_ = std::move(*context);
  return certificate;
}

std::shared_ptr<ssl::context> Certificate::Current(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (now < next_look_) return context_;
  next_look_ = now + kLookEvery;
  std::string stamp;
  AppendStamp(chain_, stamp);
  AppendStamp(key_, stamp);
  if (stamp == stamp_) return context_;
  stamp_ = std::move(stamp);
  Result<std::shared_ptr<ssl::context>> fresh = MakeContext(chain_, key_);
  if (fresh) {
    context_ = std::move(*fresh);
    Log(LogLevel::kInfo, "loaded the changed TLS certificate " + chain_.string());
  } else {
    Log(LogLevel::kWarning, "the changed TLS certificate is not used: " + fresh.error().Text());
  }
  return context_;
}

}  // namespace perch::gateway
