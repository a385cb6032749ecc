#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/cloudformation.h"
#include "beanstalk/branch_record.h"
#include "model/environment.h"

namespace perch::beanstalk {

/// A branch's environment, put together from its stack and what is recorded of it; at least one is there. The stack
/// says what serves, the record what was tried. Pure.
Environment EnvironmentOf(const std::optional<aws::Stack>& stack, const BranchRecord& record);

/// An output; "" if there is none.
std::string OutputOf(const aws::Stack& stack, std::string_view name);

/// The generation that a stack was deployed with; 0 when it does not say.
std::uint64_t GenerationOf(const aws::Stack& stack);

}  // namespace perch::beanstalk
