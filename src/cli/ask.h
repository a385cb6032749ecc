#pragma once

#include <stop_token>
#include <string>

namespace perch::cli {

/// Whether a person can be asked: standard input is a terminal.
bool CanAsk();

/// Asks for a yes on the terminal. Anything else is a no, and so is a stop, which ends the wait.
bool Agrees(const std::string& question, const std::stop_token& stop);

}  // namespace perch::cli
