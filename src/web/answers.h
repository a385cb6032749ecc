#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/http.h"
#include "web/markup.h"

namespace perch::web {

/// A page of the dashboard with all protective headers. `form_targets`: origins beside its own that its forms may lead
/// to, separated by spaces.
net::Response PageAnswer(int status, const Markup& page, std::string_view form_targets = "");

/// A page that stands alone on a branch's host: `style` and `script` are the exact texts of its two inline elements.
net::Response LonePageAnswer(int status, const Markup& page, std::string_view style, std::string_view script);

net::Response JsonAnswer(int status, std::string json);
net::Response TextAnswer(int status, std::string text);

/// 303 to `url`, which must be perch's own.
net::Response RedirectAnswer(std::string url);

/// The error as {"error":{"kind","what","where","why","hint"}} with the status that fits its kind, or with `status`.
net::Response ErrorAnswer(const Error& error, int status = 0);

/// 405 with the methods that are allowed, "GET, POST".
net::Response MethodAnswer(std::string allowed);

/// 400 usage, 404 not found, 409 refused and superseded, 503 unavailable, 500 failed.
int StatusFor(ErrorKind kind);

/// "failed", "usage", "refused", "superseded", "not-found", "unavailable", "cancelled".
std::string_view ErrorKindName(ErrorKind kind);

/// One JSON object from texts and ready JSON values.
class JsonObject {
 public:
  JsonObject& Text(std::string_view key, std::string_view value);
  JsonObject& Raw(std::string_view key, std::string_view json);
  std::string Done() { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string ErrorJson(const Error& error);

}  // namespace perch::web
