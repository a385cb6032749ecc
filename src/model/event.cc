#include "model/event.h"

#include <array>

namespace perch {
namespace {

constexpr std::array<std::string_view, 8> kKinds = {"state",    "stage-started", "stage-finished", "stage-failed",
                                                    "switched", "deleted",       "refused",        "notice"};

}  // namespace

std::string_view EventKindName(Event::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<Event::Kind> ParseEventKind(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<Event::Kind>(i);
  }
  return std::nullopt;
}

}  // namespace perch
