#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/environment.h"
#include "model/event.h"

namespace perch::cli {

/// Whether standard output is a terminal that wants colour (not when $NO_COLOR is set or $TERM is "dumb").
bool UseColour();

/// A state's word, coloured for a terminal.
std::string ColouredState(State state);

/// Columns padded to their widest cell (in characters, not bytes; colour codes count nothing); the last column is not
/// padded.
std::string Table(const std::vector<std::vector<std::string>>& rows);

/// At most `longest` characters of UTF-8 `text`, the last one "…" when something was cut off.
std::string Shortened(const std::string& text, std::size_t longest);

/// For one line on a terminal: the first line of `text`, made printable; "…" tells that there are more.
std::string InOneLine(const std::string& text);

/// Progress for an event, one line unless its text has more (those are indented), or "" for events that are not shown
/// on a terminal: "feature/cart   tests passed in 1.2 s".
std::string EventLine(const Event& event);

/// Prints an error ("perch: …" on standard error, or {"error": …} on standard output with --json) and gives its exit
/// code.
int Report(const Error& error, bool json);

}  // namespace perch::cli
