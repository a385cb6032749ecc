#pragma once

#include "base/clock.h"
#include "base/error.h"

namespace perch::aws {

/// Every call of src/aws (or one of each protocol) against AWS_ENDPOINT_URL: a line each; 1 if one did not end as it
/// must.
int MakeCalls(bool signed_only);

int Complain(const Error& error);
Clock ProbeClock();

}  // namespace perch::aws
