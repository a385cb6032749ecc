#include "web/api.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/suggest.h"
#include "base/text.h"
#include "plan/render.h"
#include "web/answers.h"
#include "web/event_body.h"

namespace perch::web {
namespace {

constexpr std::size_t kLogPiece = 1 << 20;
constexpr std::size_t kMostBody = 64 << 10;

const std::vector<std::string> kReads = {"environments", "plan", "events", "status"};

Error NoSuchAddress(std::string_view target) {
  return {.kind = ErrorKind::kNotFound,
          .what = "there is nothing at this address",
          .where = Printable(target),
          .hint = "GET /api/environments lists the branches."};
}

bool IsChange(const std::vector<std::string>& path) {
  if (path.size() == 1) return path[0] == "look" || path[0] == "sweep";
  if (path.size() != 3) return false;
  return (path[0] == "branches" && (path[2] == "redeploy" || path[2] == "reset" || path[2] == "stop")) ||
         (path[0] == "environments" && path[2] == "guest");
}

bool IsRead(const std::vector<std::string>& path) {
  if (path.size() == 1) return std::ranges::find(kReads, path[0]) != kReads.end();
  if (path.empty() || path[0] != "environments") return false;
  return path.size() == 2 || (path.size() == 3 && path[2] == "log");
}

// Whether a JSON body is acceptable: none at all, or one that says it is JSON.
std::optional<Refusal> CheckJsonBody(const net::Request& request) {
  if (request.body.size() > kMostBody) {
    return Refusal{413, {.kind = ErrorKind::kUsage, .what = "the body is larger than 64 KiB"}};
  }
  if (request.body.empty()) return std::nullopt;
  const std::string type = ToLower(request.Header("Content-Type").value_or(""));
  const std::string_view essence = Trim(std::string_view(type).substr(0, type.find(';')));
  if (essence == "application/json") return std::nullopt;
  return Refusal{415,
                 {.kind = ErrorKind::kUsage,
                  .what = "the body is not JSON",
                  .where = type.empty() ? "no Content-Type" : Printable(type),
                  .hint = "Send it with 'Content-Type: application/json'."}};
}

struct SweepOrder {
  bool apply = false;
  std::optional<int> max_deletes;
};

Result<SweepOrder> ReadSweepOrder(const std::string& body) {
  SweepOrder order;
  if (body.empty()) return order;
  const Error bad{.kind = ErrorKind::kUsage,
                  .what = "the body is not what a sweep takes",
                  .hint = R"(Send {"apply": true or false, "max_deletes": a number}.)"};
  boost::system::error_code failed;
  const boost::json::value value = boost::json::parse(body, failed);
  if (failed || !value.is_object()) return Fail(bad);
  for (const boost::json::key_value_pair& entry : value.get_object()) {
    if (entry.key() == "apply" && entry.value().is_bool()) {
      order.apply = entry.value().get_bool();
    } else if (entry.key() == "max_deletes" && entry.value().is_int64() && entry.value().get_int64() >= 0 &&
               entry.value().get_int64() <= 1'000'000) {
      order.max_deletes = static_cast<int>(entry.value().get_int64());
    } else if (entry.key() != "max_deletes" || !entry.value().is_null()) {
      return Fail(bad);
    }
  }
  return order;
}

}  // namespace

std::optional<std::vector<std::string>> PathSegments(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> segments = Split(path.substr(1), '/');
  if (segments.back().empty()) segments.pop_back();
  for (std::string& segment : segments) {
    const std::optional<std::string> decoded = PercentDecode(segment);
    if (!decoded || decoded->find('\0') != std::string::npos) return std::nullopt;
    segment = *decoded;
  }
  return segments;
}

Error NoSuchBranch(const std::string& name, const std::vector<engine::BranchView>& views) {
  std::vector<std::string> names;
  for (const engine::BranchView& view : views) names.insert(names.end(), {view.slug, view.branch});
  return {.kind = ErrorKind::kNotFound,
          .what = "there is no such branch",
          .where = Printable(name),
          .hint = DidYouMean(name, names)};
}

Api::Api(Backend& backend, Ticker& ticker, const Access& access, Options options)
    : backend_(backend), ticker_(ticker), access_(access), options_(std::move(options)) {}

net::Response Api::Handle(const net::Request& request, const std::vector<std::string>& path) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (IsRead(path)) {
    if (!reading) return MethodAnswer("GET, HEAD");
    if (const std::optional<Refusal> refusal = access_.CheckRead(request)) {
      return ErrorAnswer(refusal->error, refusal->status);
    }
    return Read(request, path);
  }
  if (IsChange(path)) {
    if (request.method != "POST") return MethodAnswer("POST");
    if (const std::optional<Refusal> refusal = access_.CheckChange(request)) {
      return ErrorAnswer(refusal->error, refusal->status);
    }
    if (const std::optional<Refusal> refusal = CheckJsonBody(request)) {
      return ErrorAnswer(refusal->error, refusal->status);
    }
    return Change(request, path);
  }
  if (const std::optional<Refusal> refusal = access_.CheckRead(request)) {
    return ErrorAnswer(refusal->error, refusal->status);
  }
  return ErrorAnswer(NoSuchAddress(request.Path()));
}

net::Response Api::Read(const net::Request& request, const std::vector<std::string>& path) {
  if (path[0] == "environments") {
    if (path.size() == 1) return JsonAnswer(200, engine::ToJson(backend_.Views()));
    const Result<engine::BranchView> view = FindBranch(path[1]);
    if (!view) return ErrorAnswer(view.error());
    return path.size() == 2 ? JsonAnswer(200, engine::ToJson(*view)) : Log(request, *view);
  }
  if (path[0] == "plan") {
    const Result<Plan> plan = backend_.Preview();
    return plan ? JsonAnswer(200, plan::ToJson(*plan)) : ErrorAnswer(plan.error());
  }
  return path[0] == "events" ? Events(request) : StatusOfAll();
}

net::Response Api::StatusOfAll() {
  std::map<std::string_view, int> counts;
  const std::vector<engine::BranchView> views = backend_.Views();
  for (const engine::BranchView& view : views) ++counts[StateName(view.state)];
  JsonObject by_state;
  for (const std::pair<const std::string_view, int>& count : counts) {
    by_state.Raw(count.first, std::to_string(count.second));
  }
  const std::optional<Error> look_error = backend_.LastLookError();
  return JsonAnswer(200, JsonObject()
                             .Text("app", options_.app)
                             .Text("version", options_.version)
                             .Raw("protected", access_.protect() ? "true" : "false")
                             .Raw("branches", std::to_string(views.size()))
                             .Raw("counts", by_state.Done())
                             .Raw("last_event", std::to_string(backend_.journal().LastId()))
                             .Text("dashboard_url", access_.hosts().DashboardUrl() + "/")
                             .Raw("look_error", look_error ? ErrorJson(*look_error) : "null")
                             .Done());
}

net::Response Api::Log(const net::Request& request, const engine::BranchView& view) {
  const std::optional<std::string> stage_name = request.Query("stage");
  const std::optional<Stage> stage = stage_name ? ParseStage(*stage_name) : Stage::kStart;
  const std::optional<std::uint64_t> generation = ParseNumber(request.Query("generation").value_or("0"));
  const std::optional<std::uint64_t> from = ParseNumber(request.Query("from").value_or("0"));
  if (!stage || !generation || !from) {
    return ErrorAnswer({.kind = ErrorKind::kUsage,
                        .what = "the log cannot be found by this address",
                        .where = Printable(request.target),
                        .hint = "stage is one of checkout, build, test, release, seed, start, health, switch, retire; "
                                "generation and from are numbers."});
  }
  net::Response response = TextAnswer(200, "");
  if (request.Query("follow").value_or("0") == "1") {
    response.stream = std::make_unique<LogBody>(
        backend_, ticker_,
        LogBody::Options{.branch = view.branch, .generation = *generation, .stage = *stage, .from = *from});
    return response;
  }
  Result<engine::LogPiece> piece = backend_.ReadLog(view.branch, *generation, *stage, *from, kLogPiece);
  if (!piece) return ErrorAnswer(piece.error());
  response.body = std::move(piece->text);
  response.headers.emplace_back("X-Perch-First", std::to_string(piece->first));
  response.headers.emplace_back("X-Perch-Next", std::to_string(piece->next));
  response.headers.emplace_back("X-Perch-Ended", piece->ended ? "1" : "0");
  return response;
}

net::Response Api::Events(const net::Request& request) {
  const std::string lines = request.Query("format").value_or("");
  const std::optional<std::string_view> last_seen = request.Header("Last-Event-ID");
  const std::string after_text = last_seen ? std::string(*last_seen) : request.Query("after").value_or("");
  const std::optional<std::uint64_t> after = after_text.empty() ? backend_.journal().LastId() : ParseNumber(after_text);
  if (!after || (!lines.empty() && lines != "ndjson")) {
    return ErrorAnswer({.kind = ErrorKind::kUsage,
                        .what = "the event stream cannot start there",
                        .where = Printable(request.target),
                        .hint = "after is the id of an event; format is 'ndjson' or left out."});
  }
  EventBody::Options options{.after = *after, .heartbeat = options_.heartbeat};
  if (const std::optional<std::string> slug = request.Query("slug")) {
    const Result<engine::BranchView> view = FindBranch(*slug);
    if (!view) return ErrorAnswer(view.error());
    options.slug = view->slug;
  }
  net::Response response = TextAnswer(200, "");
  if (lines == "ndjson") {
    options.format = EventBody::Format::kLines;
    response.headers[0].second = "application/x-ndjson";
  } else {
    response.headers[0].second = "text/event-stream; charset=utf-8";
  }
  response.stream = std::make_unique<EventBody>(backend_, ticker_, options);
  return response;
}

net::Response Api::Change(const net::Request& request, const std::vector<std::string>& path) {
  if (path[0] == "branches") return ChangeBranch(path[1], path[2]);
  if (path[0] == "environments") return AskGuest(request, path[1]);
  if (path[0] == "sweep") return Sweep(request);
  backend_.Look();
  return JsonAnswer(202, R"({"looking":true})");
}

net::Response Api::Sweep(const net::Request& request) {
  const Result<SweepOrder> order = ReadSweepOrder(request.body);
  if (!order) return ErrorAnswer(order.error());
  const Result<Plan> plan = backend_.Sweep(order->max_deletes, order->apply);
  return plan ? JsonAnswer(order->apply ? 202 : 200, plan::ToJson(*plan)) : ErrorAnswer(plan.error());
}

net::Response Api::ChangeBranch(const std::string& slug, const std::string& verb) {
  const Result<engine::BranchView> view = FindBranch(slug);
  if (!view) return ErrorAnswer(view.error());
  const Status done = verb == "redeploy" ? backend_.Redeploy(view->branch)
                      : verb == "reset"  ? backend_.Reset(view->branch)
                                         : backend_.StopBranch(view->branch);
  if (!done) return ErrorAnswer(done.error());
  return JsonAnswer(verb == "stop" ? 200 : 202,
                    JsonObject().Text("branch", view->branch).Text("slug", view->slug).Text("done", verb).Done());
}

net::Response Api::AskGuest(const net::Request& request, const std::string& slug) {
  if (!request.trusted || !options_.guest) {
    return ErrorAnswer({.kind = ErrorKind::kRefused,
                        .what = "this is answered over perch's own socket only",
                        .hint = "Run 'perch exec' on the machine where 'perch serve' runs."},
                       403);
  }
  const Result<engine::BranchView> view = FindBranch(slug);
  if (!view) return ErrorAnswer(view.error());
  Result<std::string> json = options_.guest(*view, request.body);
  return json ? JsonAnswer(200, std::move(*json)) : ErrorAnswer(json.error());
}

Result<engine::BranchView> Api::FindBranch(const std::string& slug) {
  if (std::optional<engine::BranchView> view = backend_.FindView(slug)) return *std::move(view);
  return Fail(NoSuchBranch(slug, backend_.Views()));
}

}  // namespace perch::web
