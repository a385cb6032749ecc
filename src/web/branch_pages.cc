#include "web/branch_pages.h"

#include <algorithm>

#include "base/suggest.h"
#include "base/text.h"
#include "web/answers.h"
#include "web/page.h"
#include "web/unknown_host.h"
#include "web/words.h"

namespace perch::web {
namespace {

constexpr std::size_t kTailLines = 40;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--paper:#f6f5f1;--card:#fff;--ink:#22262b;--soft:#5a6169;--line:#dddad2;--link:#1d5a96;--code:#f1efe9;--calm:#eceae4;--bad:#fbe6e2;--busy:#e2edf9;--wait:#f8edd2}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--card:#1d2125;--ink:#e8e6e1;--soft:#a5acb3;--line:#33393f;--link:#8dbcf0;--code:#14171a;--calm:#2a2f34;--bad:#43201c;--busy:#1b3048;--wait:#3a2e14}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
main{max-width:44rem;margin:0 auto;padding:12vh 1.25rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.6rem 0 .4rem;letter-spacing:-.01em;overflow-wrap:anywhere}
p{margin:.4rem 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.chip{display:inline-flex;align-items:center;gap:.4rem;padding:.18rem .75rem .18rem .6rem;border-radius:1rem;background:var(--calm);font-weight:600;font-size:.9rem}
.bad{background:var(--bad)}.busy{background:var(--busy)}.wait{background:var(--wait)}
.icon{width:1em;height:1em;fill:none;stroke:currentcolor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
.lead{font-size:1.1rem;margin:1rem 0}
pre{margin:1rem 0;padding:1rem;border:1px solid var(--line);border-radius:.6rem;background:var(--code);overflow:auto;max-height:60vh;font:.82rem/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.bar{height:3px;margin:1.2rem 0;border-radius:3px;background:linear-gradient(90deg,var(--line) 0 35%,var(--link) 50%,var(--line) 65%);background-size:300% 100%;animation:go 2.4s linear infinite}
@keyframes go{from{background-position:100% 0}to{background-position:-50% 0}}
@media (prefers-reduced-motion:reduce){.bar{animation:none}}
)";

// Looks every second; loads the page anew when something else is to be told, or when the app answers itself.
constexpr std::string_view kScript = R"(
(() => {
  const mark = document.body.dataset.mark;
  const since = document.querySelector('[data-since]');
  const look = async () => {
    try {
      const answer = await fetch('/.perch/status', {headers: {Accept: 'application/json'}, cache: 'no-store'});
      const type = answer.headers.get('Content-Type') || '';
      if (!type.startsWith('application/json')) return location.reload();
      const status = await answer.json();
      if (status.mark !== mark) return location.reload();
    } catch (error) { /* perch itself is away for a moment */ }
    setTimeout(look, document.hidden ? 5000 : 1000);
  };
  setTimeout(look, 1000);
  if (since) {
    const start = Date.now() - Number(since.dataset.since);
    setInterval(() => {
      const seconds = Math.round((Date.now() - start) / 1000);
      since.textContent = seconds < 60 ? seconds + ' s' : Math.floor(seconds / 60) + ' min ' + (seconds % 60) + ' s';
    }, 1000);
  }
})();
)";

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{word} · {title}</title>
{refresh}<style>{style}</style>
</head>
<body data-mark="{mark}">
<main>
<p>{chip} <span class="soft">{since}</span></p>
<h1>{title}</h1>
<p class="soft">{meta}</p>
<p class="lead" role="status">{lead}</p>
{bar}{reason}{log}<p><a href="{more}">{link}</a></p>
</main>
<script>{script}</script>
</body>
</html>
)";

struct LonePage {
  int status = 503;
  std::string word;
  State state = State::kGone;
  std::string title;
  std::string meta;
  std::string lead;
  std::string reason;
  std::string log;
  std::string link_url;
  std::string link = "What is going on with this branch";
  std::string mark;
  std::optional<std::chrono::milliseconds> since;
  bool moving = false;
};

net::Response Answer(const LonePage& page) {
  const Markup html = Fill(
      kPage,
      {{"word", page.word},
       {"chip", Chip(page.state, page.word)},
       {"title", page.title},
       {"refresh", Fill("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>\n",
                        {{"seconds", page.moving ? "3" : "20"}})},
       {"style", Markup(std::string(kStyle))},
       {"mark", page.mark},
       {"since", page.since ? Fill(R"(for <span data-since="{ms}">{text}</span>)",
                                   {{"ms", std::to_string(page.since->count())}, {"text", FormatDuration(*page.since)}})
                            : Markup()},
       {"meta", page.meta},
       {"lead", page.lead},
       {"bar", page.moving ? Markup("<div class=\"bar\"></div>\n") : Markup()},
       {"reason", page.reason.empty() ? Markup() : Fill("<p>{reason}</p>\n", {{"reason", page.reason}})},
       {"log", page.log.empty()
                   ? Markup()
                   : Fill("<pre tabindex=\"0\" role=\"region\" aria-label=\"The last lines of the log\">{log}</pre>\n",
                          {{"log", page.log}})},
       {"more", page.link_url},
       {"link", page.link},
       {"script", Markup(std::string(kScript))}});
  net::Response response = LonePageAnswer(page.status, html, kStyle, kScript);
  return response;
}

int StatusOf(State state) {
  switch (state) {
    case State::kFailed:
    case State::kReady:
      return 502;
    case State::kSkipped:
      return 404;
    case State::kDeleting:
    case State::kGone:
      return 410;
    default:
      return 503;
  }
}

bool WantsJson(const net::Request& request) {
  const std::string_view accept = request.Header("Accept").value_or("");
  return accept.find("application/json") != std::string_view::npos &&
         accept.find("text/html") == std::string_view::npos;
}

// The same text as long as the page would say the same.
std::string MarkOf(const engine::BranchView& view) {
  return std::string(StateName(view.state)) + "/" + (view.stage ? std::string(StageName(*view.stage)) : "") + "/" +
         std::to_string(view.generation) + "/" + ShortCommit(view.commit) + "/" + ShortCommit(view.serving_commit);
}

std::string StatusJson(const engine::BranchView& view, const std::string& lead) {
  return JsonObject()
      .Text("branch", view.branch)
      .Text("state", StateName(view.state))
      .Text("words", lead)
      .Text("stage", view.stage ? StageName(*view.stage) : "")
      .Text("reason", view.reason)
      .Raw("serving", IsServing(view) ? "true" : "false")
      .Text("mark", MarkOf(view))
      .Done();
}

void AddRetryAfter(net::Response& response, bool moving) {
  if (response.status == 503) response.headers.emplace_back("Retry-After", moving ? "2" : "30");
}

}  // namespace

net::Response BranchPages::Handle(const net::Request& request) {
  const std::optional<std::string> slug = access_.hosts().SlugOf(request.host);
  if (!slug) return UnknownHostAnswer(access_.hosts(), access_.protect(), request);
  // The gate stands before this; a mistake there must not show anything.
  if (access_.CheckRead(request)) return TextAnswer(401, "Sign in on perch's dashboard to see this.\n");
  const std::optional<engine::BranchView> view = backend_.FindView(*slug);
  if (view && view->state != State::kGone) return ForBranch(request, *view);
  return ForUnknown(request, *slug);
}

net::Response BranchPages::ForBranch(const net::Request& request, const engine::BranchView& view) {
  const Time now = clock_();
  const bool ready = view.state == State::kReady;
  const bool moving = IsMoving(view.state);
  // Whoever sees this page sees no app, whatever should be serving.
  const std::string lead =
      IsServing(view) ? "The app does not answer at the moment. This page turns into the app as soon as it does."
                      : Headline(view, serving_times_.Since(view.slug, view.serving_commit), now);
  const int status = StatusOf(view.state);
  if (request.Path() == "/.perch/status") return JsonAnswer(200, StatusJson(view, lead));
  if (WantsJson(request)) {
    net::Response response = JsonAnswer(status, StatusJson(view, lead));
    AddRetryAfter(response, moving);
    return response;
  }
  LonePage page{.status = status,
                .word = ready ? "No answer" : std::string(StateWord(view.state)),
                .state = ready ? State::kFailed : view.state,
                .title = Tidy(view.title.empty() ? view.branch : view.title, 300),
                .meta = Tidy(view.branch, 250) + (view.author.empty() ? "" : " · " + Tidy(view.author, 60)),
                .lead = lead,
                .reason = ready ? "" : Tidy(view.reason, 600),
                .link_url = access_.hosts().DashboardUrl() + "/branches/" + view.slug,
                .mark = MarkOf(view),
                .moving = moving};
  if (moving && view.stage_started_at) {
    page.since = std::max(now - *view.stage_started_at, std::chrono::milliseconds(0));
  }
  if (view.state == State::kFailed && view.last_attempt && view.last_attempt->stage) {
    page.log = LogTail(backend_, view.branch, view.last_attempt->generation, *view.last_attempt->stage, kTailLines);
  }
  net::Response response = Answer(page);
  AddRetryAfter(response, moving);
  return response;
}

net::Response BranchPages::ForUnknown(const net::Request& request, const std::string& slug) {
  const bool deleted = WasDeleted(slug);
  std::vector<std::string> slugs;
  for (const engine::BranchView& view : backend_.Views()) slugs.push_back(view.slug);
  const std::string near = Nearest(slug, slugs);
  const std::string mark = deleted ? "gone" : "unknown";
  const std::string lead = deleted ? "The branch was deleted, and its link and its data with it."
                                   : "There is no branch for this link. It may be mistyped, or not pushed yet.";
  const std::string json =
      JsonObject().Text("slug", slug).Text("state", mark).Text("words", lead).Text("mark", mark).Done();
  if (request.Path() == "/.perch/status") return JsonAnswer(200, json);
  if (WantsJson(request)) return JsonAnswer(deleted ? 410 : 404, json);
  return Answer(
      {.status = deleted ? 410 : 404,
       .word = deleted ? "Removed" : "Unknown",
       .title = slug,
       .lead = lead,
       .link_url = near.empty() ? access_.hosts().DashboardUrl() + "/" : access_.hosts().BranchUrl(near) + "/",
       .link = near.empty() ? "All branches" : "Did you mean “" + near + "”?",
       .mark = mark});
}

bool BranchPages::WasDeleted(const std::string& slug) {
  const Result<std::vector<Event>> events = backend_.journal().ReadNewest(slug, 5);
  return events && std::ranges::any_of(*events, [](const Event& event) { return event.kind == Event::Kind::kDeleted; });
}

}  // namespace perch::web
