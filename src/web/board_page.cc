#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/value.h"
#include "web/page.h"
#include "web/words.h"

namespace perch::web {
namespace {

constexpr std::string_view kRow = R"(<li class="branch {tone}" id="b-{slug}" data-branch="{slug}">
<div class="what">
<h2><a href="/branches/{slug}">{title}</a></h2>
<p class="meta"><span class="name">{branch}</span>{author}<span class="when">{age}</span></p>
<p class="line">{headline}</p>
{reason}</div>
<div class="side">
<p class="state">{chip}{since}</p>
{open}</div>
</li>
)";

constexpr std::string_view kBoard = R"(<div class="headline">
<h1>Branches</h1>
<p class="counts" id="counts">{counts}</p>
</div>
{trouble}{search}<div id="board">
{list}{fold}{nothing}</div>
)";

constexpr std::string_view kSearch = R"(<form class="search" role="search" method="get" action="/">
<label class="sr" for="q">Find a branch</label>
<input id="q" type="search" name="q" value="{q}" placeholder="Find by title, branch or person" autocomplete="off" maxlength="200">
<button class="button" type="submit" id="find">Find</button>
</form>
)";

constexpr std::string_view kEmpty = R"(<section class="empty">
<h2>Nothing here yet — that is about to change</h2>
<p>Push a branch, and it appears on this page with a link of its own that everybody on the team can open.</p>
<p><code>git push origin my-first-idea</code></p>
<p class="meta">This page watches for it; there is nothing else to do.</p>
</section>
)";

// Being worked on, failed, ready, waiting for room, stopped, left out.
int Rank(State state) {
  if (IsMoving(state)) return 0;
  switch (state) {
    case State::kFailed:
      return 1;
    case State::kReady:
    case State::kAsleep:
      return 2;
    case State::kHeld:
      return 3;
    case State::kStopped:
      return 4;
    default:
      return 5;
  }
}

bool IsFolded(const Row& row) { return Rank(row.view.state) == 5; }

bool Before(const Row& a, const Row& b) {
  const int rank_a = Rank(a.view.state);
  const int rank_b = Rank(b.view.state);
  if (rank_a != rank_b) return rank_a < rank_b;
  const bool waits_a = a.view.state == State::kQueued;
  const bool waits_b = b.view.state == State::kQueued;
  if (waits_a != waits_b) return waits_b;
  if (a.view.state == State::kHeld && b.view.state == State::kHeld && a.view.position != b.view.position) {
    return a.view.position < b.view.position;
  }
  if (a.view.updated_at != b.view.updated_at) return a.view.updated_at > b.view.updated_at;
  return a.view.slug < b.view.slug;
}

std::string Title(const engine::BranchView& view) { return Tidy(view.title.empty() ? view.branch : view.title, 160); }

bool Matches(const engine::BranchView& view, const std::string& search) {
  const std::string text =
      ToLower(view.title + "\n" + view.branch + "\n" + view.author + "\n" + std::string(StateWord(view.state)));
  return text.find(ToLower(Trim(search))) != std::string::npos;
}

Markup RowMarkup(const Row& row, Time now) {
  const engine::BranchView& view = row.view;
  const std::string url = SafeUrl(view.url);
  Markup open;
  if (!url.empty() && IsServing(view)) {
    open = Fill(R"(<a class="button open" href="{url}">Open<span class="sr"> {title}</span></a>
)",
                {{"url", url}, {"title", Title(view)}});
  }
  Markup since;
  if (view.stage && view.stage_started_at && IsMoving(view.state)) {
    since = Fill(R"(<span class="since" data-since="{exact}">{took}</span>)",
                 {{"exact", FormatTime(*view.stage_started_at)},
                  {"took", FormatDuration(std::max(now - *view.stage_started_at, std::chrono::milliseconds(0)))}});
  }
  // What the headline says already would only be noise.
  const bool explains = view.state == State::kFailed || view.state == State::kHeld || view.state == State::kSkipped;
  const Markup reason = explains && !view.reason.empty()
                            ? Fill("<p class=\"reason\">{reason}</p>\n", {{"reason", Tidy(view.reason, 240)}})
                            : Markup();
  const Markup author =
      view.author.empty() ? Markup() : Fill("<span>{author}</span>", {{"author", Tidy(view.author, 60)}});
  return Fill(kRow, {{"tone", std::string(StateName(view.state))},
                     {"slug", view.slug},
                     {"title", Title(view)},
                     {"branch", Tidy(view.branch, 250)},
                     {"author", author},
                     {"age", Age(view.committed_at.value_or(view.updated_at), now)},
                     {"headline", Headline(view, row.serving_since, now)},
                     {"reason", reason},
                     {"chip", Chip(view.state)},
                     {"since", since},
                     {"open", open}});
}

Markup List(const std::vector<Row>& rows, bool folded, Time now) {
  Markup items;
  for (const Row& row : rows) {
    if (IsFolded(row) == folded) items += RowMarkup(row, now);
  }
  if (items.empty()) return items;
  return Fill("<ul class=\"branches\" id=\"{id}\">\n{items}</ul>\n",
              {{"id", folded ? "left-out" : "branches"}, {"items", items}});
}

std::string Count(int n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

// "5 branches · 1 being worked on · 1 failed · 2 ready"
Markup Counts(const std::vector<Row>& rows) {
  std::map<int, int> by_rank;
  for (const Row& row : rows) ++by_rank[Rank(row.view.state)];
  Markup text = Fill("<span>{all}</span>", {{"all", Count(static_cast<int>(rows.size()), "branch", "branches")}});
  constexpr std::string_view kWords[] = {"being worked on",  "failed",  "ready",
                                         "waiting for room", "stopped", "left out"};
  for (const std::pair<const int, int>& count : by_rank) {
    text += Fill(" · <span>{n} {word}</span>",
                 {{"n", std::to_string(count.second)}, {"word", std::string(kWords[count.first])}});
  }
  return text;
}

}  // namespace

Markup BoardPage(const Frame& frame, std::vector<Row> rows, const std::string& search,
                 const std::optional<Error>& look_error) {
  std::ranges::sort(rows, Before);
  const Markup counts = rows.empty() ? Markup() : Counts(rows);
  const bool none_at_all = rows.empty();
  if (!search.empty()) std::erase_if(rows, [&](const Row& row) { return !Matches(row.view, search); });

  Markup fold = List(rows, true, frame.now);
  if (!fold.empty()) {
    const int folded = static_cast<int>(std::ranges::count_if(rows, IsFolded));
    fold = Fill("<details class=\"fold\" id=\"fold\"{open}>\n<summary>{count} left out</summary>\n{list}</details>\n",
                {{"count", Count(folded, "branch is", "branches are")},
                 {"open", Markup(search.empty() ? "" : " open")},
                 {"list", fold}});
  }
  Markup nothing;
  if (none_at_all && !look_error) nothing = Markup(std::string(kEmpty));
  if (!none_at_all && rows.empty()) {
    nothing = Fill(R"(<p class="nothing">No branch fits “{q}”. <a href="/">Show all</a></p>
)",
                   {{"q", Tidy(search, 80)}});
  }
  Markup trouble;
  if (look_error) {
    trouble = Fill(R"(<section class="trouble" id="trouble">
<h2>perch cannot see the repository right now</h2>
<p>Links that work go on working; new pushes are not noticed until this is solved.</p>
<p class="reason">{text}</p>
</section>
)",
                   {{"text", Tidy(look_error->Text(), 600)}});
  }
  return FramePage(frame, Fill(kBoard, {{"counts", counts},
                                        {"trouble", trouble},
                                        {"search", none_at_all ? Markup() : Fill(kSearch, {{"q", Tidy(search, 200)}})},
                                        {"list", List(rows, false, frame.now)},
                                        {"fold", fold},
                                        {"nothing", nothing}}));
}

}  // namespace perch::web
