#pragma once

#include <chrono>
#include <optional>

#include "git/github_client.h"

namespace perch::git {

/// How long GitHub asks to wait before the next request; nullopt if the answer is about something else than a limit.
/// From Retry-After, or X-RateLimit-Reset against the answer's own Date (so that a wrong clock here does no harm), or a
/// minute, which GitHub's documentation asks for when it says nothing else. At least 1 s, at most 2 h. `now` stands in
/// for an answer without a Date.
std::optional<std::chrono::milliseconds> LimitIn(const GitHubAnswer& answer, Time now);

}  // namespace perch::git
