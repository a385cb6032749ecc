#pragma once

#include <string>

#include "git/github_client.h"

namespace perch::git {

/// What a refusal of GitHub's means, in words for the person who can do something about it. All are kUnavailable.
Error ErrorOfAnswer(const GitHubPlace& place, bool with_token, const GitHubQuestion& question,
                    const GitHubAnswer& answer);

}  // namespace perch::git
