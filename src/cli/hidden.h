#pragma once

#include <optional>

namespace perch::cli {

/// The small programs that perch starts as itself (the keeper of an app). nullopt: this is no such call.
std::optional<int> RunHidden(int argc, char** argv);

}  // namespace perch::cli
