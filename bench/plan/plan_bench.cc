// How long a plan takes. The size to hold: 10,000 branches by 10,000 environments in under 20 ms.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/names.h"
#include "plan/planner.h"

namespace perch::plan {
namespace {

struct World {
  std::vector<WantedBranch> branches;
  std::vector<Environment> environments;
  Policy policy{.app = "shop", .skip = {"*-no-infra", "dependabot/*"}, .protect = {"main", "staging", "release/*"}};
};

/// `share` of the names are in both listings; the rest is half new branches, half branches that went.
World MakeWorld(int n, double share, const std::string& prefix) {
  World world;
  const int both = static_cast<int>(n * share);
  for (int i = 0; i < 2 * n - both; ++i) {
    const std::string name = prefix + "ticket-" + std::to_string(i) + "-a-name-as-people-write-them";
    const std::string commit = Sha256Hex(name).substr(0, 40);
    if (i < n) {
      world.branches.push_back(
          {.branch = {.name = name, .commit = commit}, .profile = "branch", .settings_hash = Sha256Hex("settings")});
    }
    if (i < both || i >= n) {
      Environment environment;
      environment.app = "shop";
      environment.branch = name;
      environment.slug = SlugFor(name);
      environment.owner_mark = kOwnerMark;
      environment.profile = "branch";
      environment.generation = 3;
      environment.state = State::kReady;
      environment.serving_commit = i % 3 ? commit : Sha256Hex(commit).substr(0, 40);
      environment.settings_hash = Sha256Hex("settings");
      environment.last_attempt = Attempt{.commit = environment.serving_commit,
                                         .settings_hash = environment.settings_hash,
                                         .result = Attempt::Result::kSucceeded};
      world.environments.push_back(environment);
    }
  }
  std::mt19937 random(1);
  std::shuffle(world.branches.begin(), world.branches.end(), random);
  std::shuffle(world.environments.begin(), world.environments.end(), random);
  return world;
}

void Run(benchmark::State& state, const World& world) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        MakePlan({.branches = world.branches, .environments = world.environments, .policy = world.policy}));
  }
  state.SetLabel("unsorted input");
}

void AllKnown(benchmark::State& state) { Run(state, MakeWorld(static_cast<int>(state.range(0)), 1.0, "feature/")); }
void HalfKnown(benchmark::State& state) { Run(state, MakeWorld(static_cast<int>(state.range(0)), 0.5, "feature/")); }
/// The worst case: no name in common, and every slug needs a hash.
void NoneKnown(benchmark::State& state) { Run(state, MakeWorld(static_cast<int>(state.range(0)), 0.0, "Odd Name/")); }

BENCHMARK(AllKnown)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(HalfKnown)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(NoneKnown)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace perch::plan

BENCHMARK_MAIN();
