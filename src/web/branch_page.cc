#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "web/page.h"
#include "web/words.h"

namespace perch::web {
namespace {

constexpr std::string_view kBranch = R"(<p class="back"><a href="/">← All branches</a></p>
<div id="branch" data-branch="{slug}">
<section class="hero {state}">
<p class="state">{chip}{since}</p>
<h1>{title}</h1>
<p class="meta"><span class="name">{branch}</span>{author}<span class="when">{age}</span></p>
<p class="lead">{headline}</p>
{reason}<div class="actions">{open}{buttons}</div>
{signin}</section>
{attempt}{output}{history}<section class="card facts">
<h2>Details</h2>
<dl>
{facts}</dl>
</section>
</div>
)";

constexpr std::string_view kStage = R"(<li class="stage {result}" id="stage-{name}">
<p class="row"><span class="tick">{icon}</span><span class="stagename">{title}</span><span class="took">{took}</span></p>
{why}{log}</li>
)";

constexpr std::string_view kLog = R"(<details class="log" id="log-{name}"{open} data-log="{url}"{running}>
<summary>{summary}</summary>
{body}<p class="meta"><a href="{url}">{link}</a></p>
</details>
)";

constexpr std::string_view kPre = R"(<pre id="text-{name}" tabindex="0" role="region" aria-label="{label}">{text}</pre>
)";

constexpr std::string_view kButton =
    R"(<form class="inline" method="post" action="/branches/{slug}/{verb}"><input type="hidden" name="key" value="{key}"><button class="button" type="submit" data-busy="{busy}">{word}</button></form>)";

std::string_view ResultName(StageLine::Result result) {
  switch (result) {
    case StageLine::Result::kRunning:
      return "running";
    case StageLine::Result::kDone:
      return "done";
    case StageLine::Result::kFailed:
      return "failed";
  }
  return "";
}

Markup ResultIcon(StageLine::Result result) {
  switch (result) {
    case StageLine::Result::kRunning:
      return Markup(
          R"(<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="going on"><path class="spin" d="M14.5 8A6.5 6.5 0 1 1 8 1.5"/></svg>)");
    case StageLine::Result::kDone:
      return Markup(
          R"(<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="done"><path d="m2.8 8.5 3.4 3.4 7-7.5"/></svg>)");
    case StageLine::Result::kFailed:
      return Markup(
          R"(<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="failed"><path d="m3.5 3.5 9 9m0-9-9 9"/></svg>)");
  }
  return Markup();
}

struct LogBlock {
  std::string name;
  std::string url;
  std::string summary;
  std::string label;
  std::string text;
  bool open = false;
  bool running = false;
};

Markup LogMarkup(const LogBlock& log) {
  const Markup body =
      log.text.empty() ? Markup() : Fill(kPre, {{"name", log.name}, {"label", log.label}, {"text", log.text}});
  return Fill(kLog, {{"name", log.name},
                     {"open", Markup(log.open ? " open" : "")},
                     {"url", log.url},
                     {"running", Markup(log.running ? " data-running" : "")},
                     {"summary", log.summary},
                     {"body", body},
                     {"link", "The whole log as text"}});
}

std::string LogUrl(const std::string& slug, Stage stage, std::uint64_t generation) {
  std::string url = "/api/environments/" + slug + "/log?stage=" + std::string(StageName(stage));
  if (generation != 0) url += "&generation=" + std::to_string(generation);
  return url;
}

Markup StageMarkup(const StageLine& line, const std::string& slug, std::uint64_t generation, Time now) {
  const std::string name(StageName(line.stage));
  const bool running = line.result == StageLine::Result::kRunning;
  const Markup took =
      running ? Fill(R"(<span data-since="{exact}">{took}</span>)",
                     {{"exact", FormatTime(line.started_at)},
                      {"took", FormatDuration(std::max(now - line.started_at, std::chrono::milliseconds(0)))}})
              : Escape(FormatDuration(line.took));
  // These two do nothing that could be read.
  const bool has_log = line.stage != Stage::kSwitch && line.stage != Stage::kRetire;
  const Markup log = has_log ? LogMarkup({.name = name,
                                          .url = LogUrl(slug, line.stage, generation),
                                          .summary = "Log",
                                          .label = "Log: " + std::string(StageTitle(line.stage)),
                                          .text = line.log_tail,
                                          .open = !line.log_tail.empty(),
                                          .running = running})
                             : Markup();
  return Fill(
      kStage,
      {{"result", std::string(ResultName(line.result))},
       {"name", name},
       {"icon", ResultIcon(line.result)},
       {"title", std::string(StageTitle(line.stage))},
       {"took", took},
       {"why", line.why.empty() ? Markup() : Fill("<p class=\"reason\">{why}</p>\n", {{"why", Tidy(line.why, 600)}})},
       {"log", log}});
}

Markup AttemptMarkup(const BranchPageInput& input, Time now) {
  if (input.stages.empty()) return Markup();
  const engine::BranchView& view = input.row.view;
  Markup stages;
  for (const StageLine& line : input.stages) stages += StageMarkup(line, view.slug, input.generation, now);
  const bool running = std::ranges::any_of(
      input.stages, [](const StageLine& line) { return line.result == StageLine::Result::kRunning; });
  return Fill(R"(<section class="card attempt" id="attempt-{generation}">
<h2>{heading}</h2>
<p class="meta"><span>Started {age}</span></p>
<ol class="stages">
{stages}</ol>
</section>
)",
              {{"generation", std::to_string(input.generation)},
               {"heading", running ? "What is being done now" : "What was done last"},
               {"age", Age(input.stages.front().started_at, now)},
               {"stages", stages}});
}

Markup OutputMarkup(const engine::BranchView& view) {
  if (!IsServing(view)) return Markup();
  return Fill(R"(<section class="card output">
<h2>What the app says</h2>
{log}</section>
)",
              {{"log", LogMarkup({.name = "app",
                                  .url = LogUrl(view.slug, Stage::kStart, 0),
                                  .summary = "Output of the running app",
                                  .label = "Output of the running app",
                                  .running = true})}});
}

Markup HistoryMarkup(const std::vector<Event>& events, Time now) {
  Markup items;
  std::string told;
  for (const Event& event : events | std::views::reverse) {
    const std::string line = HistoryLine(event);
    // The state "failed" comes together with the step that failed.
    const bool repeats = !event.text.empty() && event.text == told;
    told = event.text;
    if (line.empty() || repeats) continue;
    items += Fill("<li>{age}<span>{line}</span></li>\n", {{"age", Age(event.at, now)}, {"line", Tidy(line, 400)}});
  }
  if (items.empty()) return items;
  return Fill("<section class=\"card history\">\n<h2>History</h2>\n<ol>\n{items}</ol>\n</section>\n",
              {{"items", items}});
}

Markup Fact(std::string_view name, const Markup& value) {
  return Fill("<div><dt>{name}</dt><dd>{value}</dd></div>\n", {{"name", std::string(name)}, {"value", value}});
}

Markup Commit(const std::string& commit) {
  if (commit.empty()) return Escape("nothing");
  return Fill(R"(<code title="{whole}">{short}</code>)", {{"whole", commit}, {"short", ShortCommit(commit)}});
}

Markup FactsMarkup(const engine::BranchView& view) {
  Markup facts = Fact("Branch", Fill("<code>{branch}</code>", {{"branch", view.branch}}));
  facts += Fact("Latest version", Commit(view.commit));
  facts += Fact("The link shows", Commit(IsServing(view) ? view.serving_commit : ""));
  if (!view.profile.empty()) facts += Fact("Profile", Escape(view.profile));
  if (const std::string url = SafeUrl(view.url); !url.empty()) {
    facts += Fact("Link", Fill(R"(<a href="{url}">{url}</a>)", {{"url", url}}));
  }
  return facts;
}

Markup ButtonsMarkup(const engine::BranchView& view, const Viewer& viewer) {
  if (!viewer.signed_in || view.state == State::kSkipped || view.state == State::kDeleting ||
      view.state == State::kGone) {
    return Markup();
  }
  Markup buttons = Fill(
      kButton,
      {{"slug", view.slug}, {"verb", "redeploy"}, {"key", viewer.form_key}, {"busy", "Asking…"}, {"word", "Redeploy"}});
  if (view.state == State::kStopped || view.state == State::kHeld || !viewer.can_stop) return buttons;
  buttons +=
      Fill(kButton,
           {{"slug", view.slug}, {"verb", "stop"}, {"key", viewer.form_key}, {"busy", "Stopping…"}, {"word", "Stop"}});
  return buttons;
}

}  // namespace

Markup BranchPage(const Frame& frame, const BranchPageInput& input) {
  const engine::BranchView& view = input.row.view;
  const std::string url = SafeUrl(view.url);
  Markup since;
  if (view.stage && view.stage_started_at && IsMoving(view.state)) {
    since =
        Fill(R"(<span class="since" data-since="{exact}">{took}</span>)",
             {{"exact", FormatTime(*view.stage_started_at)},
              {"took", FormatDuration(std::max(frame.now - *view.stage_started_at, std::chrono::milliseconds(0)))}});
  }
  return FramePage(
      frame, Fill(kBranch,
                  {{"slug", view.slug},
                   {"state", std::string(StateName(view.state))},
                   {"chip", Chip(view.state)},
                   {"since", since},
                   {"title", Tidy(view.title.empty() ? view.branch : view.title, 300)},
                   {"branch", Tidy(view.branch, 250)},
                   {"author", view.author.empty() ? Markup()
                                                  : Fill("<span>{author}</span>", {{"author", Tidy(view.author, 60)}})},
                   {"age", Age(view.committed_at.value_or(view.updated_at), frame.now)},
                   {"headline", Headline(view, input.row.serving_since, frame.now)},
                   {"reason", view.reason.empty() || view.state == State::kReady
                                  ? Markup()
                                  : Fill("<p class=\"reason\">{reason}</p>\n", {{"reason", Tidy(view.reason, 600)}})},
                   {"open", !url.empty() && IsServing(view)
                                ? Fill(R"(<a class="button primary" href="{url}">Open the link</a>)", {{"url", url}})
                                : Markup()},
                   {"buttons", ButtonsMarkup(view, frame.viewer)},
                   {"signin", frame.viewer.signed_in
                                  ? Markup()
                                  : Markup("<p class=\"meta\">To redeploy or stop it from here, sign in: run "
                                           "<code>perch open</code> in a terminal.</p>\n")},
                   {"attempt", AttemptMarkup(input, frame.now)},
                   {"output", OutputMarkup(view)},
                   {"history", HistoryMarkup(input.history, frame.now)},
                   {"facts", FactsMarkup(view)}}));
}

std::vector<StageLine> StagesOf(const std::vector<Event>& events, std::uint64_t* generation) {
  *generation = 0;
  for (const Event& event : events) {
    if (event.stage && event.kind != Event::Kind::kState) *generation = std::max(*generation, event.generation);
  }
  std::vector<StageLine> lines;
  for (const Event& event : events) {
    if (!event.stage || event.generation != *generation) continue;
    if (event.kind == Event::Kind::kStageStarted) {
      lines.push_back({.stage = *event.stage, .started_at = event.at});
      continue;
    }
    if (event.kind != Event::Kind::kStageFinished && event.kind != Event::Kind::kStageFailed) continue;
    const bool failed = event.kind == Event::Kind::kStageFailed;
    if (lines.empty() || lines.back().stage != *event.stage) {
      lines.push_back({.stage = *event.stage, .started_at = event.at - event.took});
    }
    lines.back().result = failed ? StageLine::Result::kFailed : StageLine::Result::kDone;
    lines.back().took = event.took;
    if (failed) lines.back().why = event.text;
  }
  return lines;
}

}  // namespace perch::web
