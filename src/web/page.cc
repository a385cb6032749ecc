#include "web/page.h"

#include "web/assets.h"
#include "web/words.h"

namespace perch::web {
namespace {

constexpr std::string_view kFrame = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · {app}</title>
<link rel="icon" type="image/svg+xml" href="{icon}">
<link rel="stylesheet" href="{css}">
<script src="{js}" defer></script>
</head>
<body{live}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path class="twig" d="M2 25.5c8-2.6 18-2.6 28-.6"/><path class="bird" d="M8.2 13.4c0-3.4 2.5-5.9 5.7-5.9 2.4 0 4 1.2 4.9 3.1 1.1 2.3 3 3.2 6.9 3.3-1.2 5.2-4.4 8.9-9.6 9.1-4.7.2-7.9-3.2-7.9-9.6z"/><path class="bird" d="M8.4 12.1 4.2 13.5l4.2 1.6z"/><circle class="eye" cx="12.3" cy="12" r="1.1"/></svg>perch</a>
<span class="app">{app}</span>
<span class="topright"><span class="live" id="live" hidden><span class="dot" aria-hidden="true"></span><span id="live-word">Live</span></span><a class="quiet" id="refresh" href="{path}">Refresh</a>{session}</span>
</header>
<main id="main" tabindex="-1">
{content}</main>
<p class="sr" role="status" aria-live="polite" id="announce"></p>
</body>
</html>
)";

constexpr std::string_view kSignOut =
    R"(<form class="inline" method="post" action="/logout"><input type="hidden" name="key" value="{key}"><button class="quiet" type="submit">Sign out</button></form>)";

// Drawn on 16 by 16 with lines in the chip's own colour.
std::string_view IconPath(State state) {
  switch (state) {
    case State::kReady:
      return R"(<circle cx="8" cy="8" r="6.5"/><path d="m5.2 8.2 2 2 3.7-4"/>)";
    case State::kFailed:
      return R"(<path d="M8 1.8 14.6 13.6H1.4z"/><path d="M8 6.3v3.4M8 11.6v.1"/>)";
    case State::kBuilding:
    case State::kTesting:
    case State::kStarting:
      return R"(<path class="spin" d="M14.5 8A6.5 6.5 0 1 1 8 1.5"/>)";
    case State::kQueued:
    case State::kHeld:
      return R"(<circle cx="8" cy="8" r="6.5"/><path d="M8 4.4V8l2.4 1.6"/>)";
    case State::kAsleep:
      return R"(<path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z"/>)";
    case State::kStopped:
      return R"(<rect x="3" y="3" width="10" height="10" rx="1.5"/>)";
    case State::kSkipped:
      return R"(<circle cx="8" cy="8" r="6.5"/><path d="M5 8h6"/>)";
    case State::kDeleting:
    case State::kGone:
      return R"(<path d="M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.7 9h6.6l.7-9"/>)";
  }
  return "";
}

std::string_view Tone(State state) {
  switch (state) {
    case State::kReady:
      return "good";
    case State::kFailed:
      return "bad";
    case State::kBuilding:
    case State::kTesting:
    case State::kStarting:
      return "busy";
    case State::kQueued:
    case State::kHeld:
      return "wait";
    default:
      return "calm";
  }
}

}  // namespace

Markup FramePage(const Frame& frame, const Markup& content) {
  const Markup live = frame.live ? Fill(R"( data-after="{after}" data-path="{path}")",
                                        {{"after", std::to_string(frame.last_event)}, {"path", frame.path}})
                                 : Markup();
  return Fill(kFrame,
              {{"title", Tidy(frame.title, 120)},
               {"app", Tidy(frame.app, 80)},
               {"icon", AssetPath("icon.svg")},
               {"css", AssetPath("perch.css")},
               {"js", AssetPath("perch.js")},
               {"live", live},
               {"path", frame.path},
               {"session", frame.viewer.signed_in ? Fill(kSignOut, {{"key", frame.viewer.form_key}}) : Markup()},
               {"content", content}});
}

Markup Chip(State state, std::string_view word) {
  return Fill(
      R"(<span class="chip {tone}"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{icon}</svg>{word}</span>)",
      {{"tone", std::string(Tone(state))},
       {"icon", Markup(std::string(IconPath(state)))},
       {"word", std::string(word.empty() ? StateWord(state) : word)}});
}

Markup Age(Time then, Time now) {
  if (then == Time()) return Markup();
  return Fill(R"(<time datetime="{exact}" title="{exact}" data-age>{age}</time>)",
              {{"exact", FormatTime(then)}, {"age", FormatAge(then, now)}});
}

Markup LoginPage(const Frame& frame, const std::string& next, const std::string& problem) {
  const Markup shown = problem.empty() ? Markup()
                                       : Fill(R"(<p class="problem" role="alert">{problem}</p>
)",
                                              {{"problem", problem}});
  return FramePage(frame, Fill(R"(<section class="card login">
<h1>Sign in to see {app}</h1>
<p>One password opens all branches of this project. Whoever sent you the link knows it.</p>
{problem}<form method="post" action="/login">
<input type="hidden" name="next" value="{next}">
<input type="text" name="username" value="{app}" autocomplete="username" hidden>
<label for="password">Password</label>
<input id="password" type="password" name="password" autocomplete="current-password" required autofocus>
<button class="button primary" type="submit">Sign in</button>
</form>
</section>
)",
                               {{"app", Tidy(frame.app, 80)}, {"problem", shown}, {"next", next}}));
}

Markup MessagePage(const Frame& frame, const std::string& heading, const std::string& text) {
  return FramePage(frame, Fill(R"(<section class="card message">
<h1>{heading}</h1>
<p>{text}</p>
<p><a href="/">All branches</a></p>
</section>
)",
                               {{"heading", heading}, {"text", text}}));
}

}  // namespace perch::web
