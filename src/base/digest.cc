#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cstdlib>

#include "base/text.h"

namespace perch {

std::string Sha256(std::string_view bytes) {
  // Looking the algorithm up costs more than hashing a name with it.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, sha256, nullptr);
  return std::string(reinterpret_cast<char*>(digest), size);
}

std::string Sha256Hex(std::string_view bytes) { return Hex(Sha256(bytes)); }

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), int(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
       digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) { return Hex(HmacSha256(key, bytes)); }

std::string RandomHex(int n) {
  std::string bytes(std::size_t(n), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t more = getrandom(bytes.data() + got, bytes.size() - got, 0);
    if (more <= 0) std::abort();  // no randomness: nothing made from it would be safe
    got += std::size_t(more);
  }
  return Hex(bytes);
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace perch
