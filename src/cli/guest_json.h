#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "local/platform.h"

/// What goes over the control socket for `perch exec`: the command there, the ready sandbox back. Only the operator can
/// open that socket.
namespace perch::cli {

std::string WordsJson(const std::vector<std::string>& words);
Result<std::vector<std::string>> ReadWordsJson(const std::string& json);

std::string GuestJson(const local::GuestCommand& command);
Result<local::GuestCommand> ReadGuestJson(const std::string& json);

}  // namespace perch::cli
