#pragma once

#include <string>

#include "base/error.h"
#include "cli/aws/world.h"
#include "cli/look.h"

namespace perch::cli {

/// Production and staging, and what the operator protects, are never deleted by a command about branches: kRefused,
/// beginning with `nothing_done`.
Status MayGo(AwsWorld& world, const Looked& looked, const std::string& branch, const std::string& nothing_done);

}  // namespace perch::cli
