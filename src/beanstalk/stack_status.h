#pragma once

#include <string_view>

namespace perch::beanstalk {

/// What a stack in a certain status needs before it can be deployed to, or deleted.
enum class Remedy {
  kNone,              ///< it can be updated
  kCreate,            ///< there is none, or only one that never had resources
  kWait,              ///< something is under way
  kDeleteAndCreate,   ///< its creation failed: nothing but deletion is possible
  kContinueRollback,  ///< going back from an update failed: continue, leaving out what failed
  kDeleteAgain,       ///< its deletion failed
  kAsk,               ///< perch never made it so: a person must look
};

/// By CloudFormation's StackStatus (API reference, Stack). Unknown ones and imports that are not over (a person is at
/// it) are kAsk, others that end in _IN_PROGRESS kWait; "" is no stack.
Remedy RemedyFor(std::string_view status);

/// Whether an update that brought the stack here has done what was asked: also while old resources are still removed.
bool IsDone(std::string_view status);

/// Whether something is under way, and the status will change by itself.
bool IsUnderWay(std::string_view status);

}  // namespace perch::beanstalk
