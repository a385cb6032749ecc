#include "web/site.h"

#include <algorithm>

#include "base/text.h"
#include "web/answers.h"
#include "web/assets.h"
#include "web/unknown_host.h"

namespace perch::web {
namespace {

constexpr int kHistory = 300;
constexpr std::size_t kHistoryShown = 60;
constexpr std::size_t kTailLines = 200;

bool IsReading(const net::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

bool IsLocalPath(const std::string& path) {
  return path.starts_with('/') && !path.starts_with("//") &&
         std::ranges::none_of(path, [](char c) { return c <= ' ' || c > '~' || c == '\\'; });
}

// A page that only loads `url`: the browser then asks as a visitor of this site, and sends its strict cookie along.
net::Response BounceAnswer(const std::string& url) {
  return PageAnswer(200, Fill(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>One moment</title><meta http-equiv="refresh" content="0; url={url}"></head>
<body><p><a href="{url}">Go on</a></p></body></html>
)",
                              {{"url", url}}));
}

std::string FormField(const net::Request& request, std::string_view name) {
  for (std::pair<std::string, std::string>& field : net::ParseForm(request.body)) {
    if (field.first == name) return std::move(field.second);
  }
  return "";
}

}  // namespace

Site::Site(Backend& backend, Sessions& sessions, const Access& access, Options options)
    : backend_(backend),
      sessions_(sessions),
      access_(access),
      options_(std::move(options)),
      throttle_(options_.clock),
      serving_times_(backend),
      api_(backend, ticker_, access,
           {.app = options_.app,
            .version = options_.version,
            .heartbeat = options_.heartbeat,
            .guest = options_.guest}) {}

net::Response Site::Handle(const net::Request& request) {
  if (!request.trusted && !access_.hosts().IsDashboard(request.host)) {
    return UnknownHostAnswer(access_.hosts(), access_.protect(), request);
  }
  std::optional<std::vector<std::string>> path = PathSegments(request.Path());
  if (!path) {
    return ErrorAnswer({.kind = ErrorKind::kUsage,
                        .what = "the address is not written as it should be",
                        .where = Printable(request.target)});
  }
  if (!path->empty() && path->front() == "api") {
    path->erase(path->begin());
    return api_.Handle(request, *path);
  }
  return Page(request, *path);
}

net::Response Site::Page(const net::Request& request, const std::vector<std::string>& path) {
  const std::string first = path.empty() ? "" : path[0];
  if (first == "assets" && path.size() == 3) {
    return IsReading(request) ? AssetAnswer(path[1], path[2]) : MethodAnswer("GET, HEAD");
  }
  if (first == "robots.txt" && path.size() == 1) return TextAnswer(200, "User-agent: *\nDisallow: /\n");
  if (first == "login" && path.size() == 1) {
    if (request.method == "POST") return TryPassword(request);
    return IsReading(request) ? Login(request) : MethodAnswer("GET, HEAD, POST");
  }
  if (first == "logout" && path.size() == 1) {
    return request.method == "POST" ? Logout(request) : MethodAnswer("POST");
  }
  if (first == "branches" && path.size() == 3 && (path[2] == "redeploy" || path[2] == "stop")) {
    return request.method == "POST" ? ChangeBranch(request, path) : MethodAnswer("POST");
  }
  if (path.empty() && IsReading(request)) {
    if (const std::optional<std::string> token = request.Query("token")) return SignInWithToken(request, *token);
  }
  if (access_.CheckRead(request)) {
    if (!IsReading(request)) return ErrorAnswer(access_.CheckRead(request)->error, 401);
    return RedirectAnswer("/login?next=" + PercentEncode(request.target));
  }
  if (!IsReading(request)) return MethodAnswer("GET, HEAD");
  if (path.empty()) return Board(request);
  if (first == "branches" && path.size() == 2) return Branch(request, path[1]);
  return Message(request, 404, "There is no such page", "The address may be mistyped, or the page has moved.");
}

Frame Site::NewFrame(const net::Request& request, const std::string& title, bool live) {
  const std::string session = access_.SessionOf(request);
  return {.title = title,
          .app = options_.app,
          .path = live ? request.target : "/",
          .last_event = live ? backend_.journal().LastId() : 0,
          .live = live,
          .viewer = {.signed_in = !session.empty(),
                     .form_key = session.empty() ? "" : sessions_.FormKey(session),
                     .protect = access_.protect(),
                     .can_stop = options_.can_stop},
          .now = options_.clock()};
}

net::Response Site::Board(const net::Request& request) {
  const Frame frame = NewFrame(request, "Branches", true);
  std::vector<Row> rows;
  for (engine::BranchView& view : backend_.Views()) {
    Row row{.view = std::move(view)};
    if (!row.view.serving_commit.empty()) {
      row.serving_since = serving_times_.Since(row.view.slug, row.view.serving_commit);
    }
    rows.push_back(std::move(row));
  }
  return PageAnswer(200, BoardPage(frame, std::move(rows), request.Query("q").value_or(""), backend_.LastLookError()));
}

net::Response Site::Branch(const net::Request& request, const std::string& slug) {
  Frame frame = NewFrame(request, "", true);
  std::optional<engine::BranchView> view = backend_.FindView(slug);
  if (!view) {
    const Error error = NoSuchBranch(slug, backend_.Views());
    return Message(request, 404, "There is no branch “" + Tidy(slug, 80) + "”",
                   error.hint.empty() ? "It may have been deleted, with its link and its data." : error.hint);
  }
  if (view->slug != slug) return RedirectAnswer("/branches/" + view->slug);
  frame.title = view->title.empty() ? view->branch : view->title;

  BranchPageInput input;
  if (Result<std::vector<Event>> events = backend_.journal().ReadNewest(view->slug, kHistory)) {
    input.stages = StagesOf(*events, &input.generation);
    std::erase_if(*events, [](const Event& event) {
      return event.kind == Event::Kind::kStageStarted || event.kind == Event::Kind::kStageFinished;
    });
    if (events->size() > kHistoryShown) events->erase(events->begin(), events->end() - kHistoryShown);
    input.history = std::move(*events);
  }
  for (StageLine& line : input.stages) {
    if (line.result == StageLine::Result::kDone) continue;
    line.log_tail = LogTail(backend_, view->branch, input.generation, line.stage, kTailLines);
  }
  if (!view->serving_commit.empty()) input.row.serving_since = serving_times_.Since(view->slug, view->serving_commit);
  input.row.view = *std::move(view);
  return PageAnswer(200, BranchPage(frame, input));
}

net::Response Site::ChangeBranch(const net::Request& request, const std::vector<std::string>& path) {
  if (const std::optional<Refusal> refusal = access_.CheckChange(request)) {
    return Message(request, refusal->status, "That was not done", refusal->error.what + ". " + refusal->error.hint);
  }
  const std::optional<engine::BranchView> view = backend_.FindView(path[1]);
  if (!view) return Message(request, 404, "That was not done", "There is no such branch any more.");
  const Status done = path[2] == "redeploy" ? backend_.Redeploy(view->branch) : backend_.StopBranch(view->branch);
  if (!done) return Message(request, StatusFor(done.error().kind), "That was not done", done.error().Text());
  return RedirectAnswer("/branches/" + view->slug);
}

net::Response Site::SignInWithToken(const net::Request& request, const std::string& token) {
  if (!access_.TokenMatches(token)) {
    return Message(request, 403, "This sign-in link does not work any more",
                   "Run “perch open” in a terminal on the machine where perch runs: it opens a fresh one.");
  }
  net::Response response = RedirectAnswer("/");
  response.headers.emplace_back("Set-Cookie", access_.Cookie(request, sessions_.Issue(request.host), true));
  return response;
}

std::string Site::TargetOf(const std::string& next) {
  if (IsLocalPath(next)) return next;
  const std::optional<HttpUrl> url = ParseUrl(next);
  const std::optional<std::string> slug = url ? access_.hosts().SlugOf(url->host) : std::nullopt;
  if (!slug) return "/";
  const std::string host = *slug + "." + access_.hosts().branch_domain;
  return access_.hosts().BranchUrl(*slug) + "/.perch/session?ticket=" + sessions_.IssueTicket(host, url->path);
}

net::Response Site::Login(const net::Request& request) {
  const std::string next = request.Query("next").value_or("/");
  if (!access_.protect() || !access_.SessionOf(request).empty()) return RedirectAnswer(TargetOf(next));
  const std::string from = std::string(request.Header("Sec-Fetch-Site").value_or("unknown"));
  if (from != "none" && from != "same-origin" && !request.Query("again")) {
    return BounceAnswer("/login?again=1&next=" + PercentEncode(next));
  }
  return LoginForm(request, 200, next, "");
}

net::Response Site::LoginForm(const net::Request& request, int status, const std::string& next,
                              const std::string& problem) {
  const std::optional<HttpUrl> url = ParseUrl(next);
  const std::optional<std::string> slug = url ? access_.hosts().SlugOf(url->host) : std::nullopt;
  return PageAnswer(status, LoginPage(NewFrame(request, "Sign in", false), next, problem),
                    slug ? access_.hosts().BranchUrl(*slug) : "");
}

net::Response Site::TryPassword(const net::Request& request) {
  if (!access_.protect() || options_.password == nullptr) return RedirectAnswer("/");
  const std::string next = FormField(request, "next");
  if (const std::chrono::seconds wait = throttle_.WaitFor(request.peer); wait.count() > 0) {
    net::Response response =
        LoginForm(request, 429, next,
                  "Too many wrong passwords came from your address. Try again in " + FormatDuration(wait) + ".");
    response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
  }
  if (!options_.password->Matches(FormField(request, "password"))) {
    throttle_.NoteWrong(request.peer);
    return LoginForm(request, 403, next, "That is not the password. Please try again.");
  }
  throttle_.NoteRight(request.peer);
  net::Response response = RedirectAnswer(TargetOf(next));
  response.headers.emplace_back("Set-Cookie", access_.Cookie(request, sessions_.Issue(request.host), true));
  return response;
}

net::Response Site::Logout(const net::Request& request) {
  if (!access_.SessionOf(request).empty()) {
    if (const std::optional<Refusal> refusal = access_.CheckChange(request)) {
      return Message(request, refusal->status, "You are still signed in", refusal->error.hint);
    }
  }
  net::Response response = RedirectAnswer("/");
  response.headers.emplace_back("Set-Cookie", access_.Cookie(request, "", true));
  return response;
}

net::Response Site::Message(const net::Request& request, int status, const std::string& heading,
                            const std::string& text) {
  return PageAnswer(status, MessagePage(NewFrame(request, heading, false), heading, text));
}

}  // namespace perch::web
