#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "cli/arguments.h"

namespace perch::cli {

/// How `serve` answers to the world, checked.
struct Listen {
  std::string host;                   ///< an address: "127.0.0.1", "0.0.0.0", "::1"
  std::uint16_t port = 7878;          ///< 0: any free one
  std::filesystem::path certificate;  ///< "" without TLS
  std::filesystem::path key;
  std::optional<Secret> password;  ///< what visitors sign in with
};

/// Reads --listen, --tls and --password-file. Beyond loopback without TLS and password is refused (kRefused).
Result<Listen> ReadListen(const Arguments& arguments);

/// Replaces port 0 by a free one of that address.
Status ChooseFreePort(Listen& listen);

}  // namespace perch::cli
