#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace perch::web {

/// A file of web/assets, built into the program.
struct Asset {
  std::string_view name;
  std::string_view bytes;
};

/// "/assets/<hash>/perch.css"; the hash is of all assets, so that such an address never changes its content.
std::string AssetPath(std::string_view name);

/// The asset with a year of caching; 404 for another name or an old hash.
net::Response AssetAnswer(std::string_view hash, std::string_view name);

}  // namespace perch::web
