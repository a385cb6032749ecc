#include "cli/control.h"

#include "base/text.h"
#include "cli/json.h"
#include "model/names.h"
#include "net/client.h"

namespace perch::cli {
namespace {

// A person waits: stopping a branch may take its whole stop time, a sweep a fresh look at the git host.
constexpr std::chrono::minutes kPatience(5);

ErrorKind KindFor(const std::string& kind) {
  for (const auto& [name, value] : {std::pair("usage", ErrorKind::kUsage),
                                    {"refused", ErrorKind::kRefused},
                                    {"superseded", ErrorKind::kSuperseded},
                                    {"not-found", ErrorKind::kNotFound},
                                    {"unavailable", ErrorKind::kUnavailable},
                                    {"cancelled", ErrorKind::kCancelled}}) {
    if (kind == name) return value;
  }
  return ErrorKind::kFailed;
}

Error NobodyServes(const std::filesystem::path& socket) {
  return {.kind = ErrorKind::kUnavailable,
          .what = "perch is not running here",
          .where = socket.parent_path().string(),
          .hint =
              "Start it with `perch serve`, or say with -C or $PERCH_STATE where it runs. For environments on AWS say "
              "--platform aws."};
}

/// The error that an answer tells.
Error FromAnswer(const net::ClientResponse& answer) {
  const Result<Value> json = ParseJson(answer.body);
  const Value* error = json ? json->Find("error") : nullptr;
  if (!error) return {.what = "perch serve answered with status " + std::to_string(answer.status)};
  return {.kind = KindFor(StringAt(*error, "kind")),
          .what = StringAt(*error, "what"),
          .where = StringAt(*error, "where"),
          .why = StringAt(*error, "why"),
          .hint = StringAt(*error, "hint")};
}

}  // namespace

Result<std::string> Control::Ask(const std::string& method, const std::string& path, const std::string& body) const {
  net::ClientRequest request{.method = method, .target = path, .headers = {}, .body = body};
  if (!body.empty()) request.headers = {{"Content-Type", "application/json"}};
  const Result<net::ClientResponse> answer = net::Fetch({.socket = socket_}, request, {.timeout = kPatience});
  if (!answer) return Fail(net::NobodyListens(answer.error()) ? NobodyServes(socket_) : answer.error());
  if (answer->status / 100 != 2) return Fail(FromAnswer(*answer));
  return answer->body;
}

Result<Value> Control::GetJson(const std::string& path) const {
  const Result<std::string> body = Get(path);
  if (!body) return Fail(body.error());
  return ParseJson(*body);
}

Result<Value> Control::PostJson(const std::string& path, const std::string& body) const {
  const Result<std::string> answer = Post(path, body);
  if (!answer) return Fail(answer.error());
  return ParseJson(*answer);
}

Status Control::Stream(const std::string& path, const std::function<bool(std::string_view)>& on_piece) const {
  const Result<net::ClientResponse> answer = net::FetchStream({.socket = socket_}, {.method = "GET", .target = path},
                                                              on_piece, {.timeout = std::chrono::milliseconds(0)});
  if (!answer) return Fail(net::NobodyListens(answer.error()) ? NobodyServes(socket_) : answer.error());
  if (answer->status / 100 != 2) return Fail(FromAnswer(*answer));
  return {};
}

Result<Value> Control::FindBranch(const std::string& name) const {
  if (name.empty()) {
    return Fail({.kind = ErrorKind::kUsage, .what = "a branch has a name", .hint = "`perch ls` shows all of them."});
  }
  Result<Value> by_name = GetJson("/api/environments/" + SlugFor(name));
  if (by_name || by_name.error().kind != ErrorKind::kNotFound) return by_name;
  return GetJson("/api/environments/" + PercentEncode(name));
}

std::string EnvironmentPath(const Value& view) { return "/api/environments/" + PercentEncode(StringAt(view, "slug")); }

}  // namespace perch::cli
