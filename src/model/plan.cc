#include "model/plan.h"

namespace perch {

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kCreate:
      return "create";
    case Action::kUpdate:
      return "update";
    case Action::kRebuild:
      return "rebuild";
    case Action::kRetry:
      return "retry";
    case Action::kReplace:
      return "replace";
    case Action::kKeep:
      return "keep";
    case Action::kLeaveStopped:
      return "leave stopped";
    case Action::kLeaveFailed:
      return "leave failed";
    case Action::kSkip:
      return "skip";
    case Action::kHold:
      return "hold";
    case Action::kDelete:
      return "delete";
    case Action::kProtect:
      return "protect";
    case Action::kRefuse:
      return "refuse";
  }
  return "?";
}

bool Changes(Action action) {
  switch (action) {
    case Action::kCreate:
    case Action::kUpdate:
    case Action::kRebuild:
    case Action::kRetry:
    case Action::kReplace:
    case Action::kDelete:
      return true;
    default:
      return false;
  }
}

}  // namespace perch
