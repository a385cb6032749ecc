#include "web/assets.h"

#include <span>

#include "base/digest.h"
#include "web/answers.h"

namespace perch::web {

// Written by assets.cmake.
std::span<const Asset> AllAssets();

namespace {

const std::string& AssetsHash() {
  static const std::string hash = [] {
    std::string all;
    for (const Asset& asset : AllAssets()) all += Sha256(asset.bytes);
    return Sha256Hex(all).substr(0, 12);
  }();
  return hash;
}

std::string_view TypeOf(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace

std::string AssetPath(std::string_view name) { return "/assets/" + AssetsHash() + "/" + std::string(name); }

net::Response AssetAnswer(std::string_view hash, std::string_view name) {
  for (const Asset& asset : AllAssets()) {
    if (asset.name != name || hash != AssetsHash()) continue;
    net::Response response;
    response.headers = {{"Content-Type", std::string(TypeOf(name))},
                        {"Cache-Control", "public, max-age=31536000, immutable"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Cross-Origin-Resource-Policy", "same-origin"}};
    response.body = std::string(asset.bytes);
    return response;
  }
  return ErrorAnswer({.kind = ErrorKind::kNotFound, .what = "there is no such file", .hint = "Load the page again."});
}

}  // namespace perch::web
