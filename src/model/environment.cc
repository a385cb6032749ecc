#include "model/environment.h"

#include <array>

namespace perch {
namespace {

constexpr std::array<std::string_view, 12> kStates = {"queued", "building", "testing", "starting", "ready",    "failed",
                                                      "asleep", "stopped",  "skipped", "held",     "deleting", "gone"};
constexpr std::array<std::string_view, 9> kStages = {"checkout", "build",  "test",   "release", "seed",
                                                     "start",    "health", "switch", "retire"};

template <typename Enum, std::size_t n>
std::optional<Enum> Parse(const std::array<std::string_view, n>& names, std::string_view name) {
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view StateName(State state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<State> ParseState(std::string_view name) { return Parse<State>(kStates, name); }
std::string_view StageName(Stage stage) { return kStages[static_cast<std::size_t>(stage)]; }
std::optional<Stage> ParseStage(std::string_view name) { return Parse<Stage>(kStages, name); }

}  // namespace perch
