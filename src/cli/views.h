#pragma once

#include <string>

#include "base/value.h"

/// How commands show branches, wherever these were looked up.
namespace perch::cli {

/// The table of `perch ls` from its JSON, a list.
void PrintViews(const Value& views);

/// One branch from its JSON, a map.
void PrintBranch(const Value& view);

/// Prints a link and, where there is a screen, opens it. Gives the exit code.
int ShowUrl(const std::string& url, bool json);

}  // namespace perch::cli
