#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/glob.h"
#include "model/names.h"
#include "plan/planner.h"
#include "plan/render.h"

namespace perch::plan {
namespace {

/// A random world: names from a small set, so that all cases meet.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    policy_.app = "shop";
    policy_.skip = {"*-no-infra", "bot/*"};
    policy_.protect = {"main", "keep/*"};
    if (Chance(2)) policy_.max_environments = Number(12);
    if (Chance(4)) policy_.max_deletes = Number(20);
    const int names = 1 + Number(24);
    const bool empty = Chance(8);
    for (int i = 0; i < names; ++i) {
      const std::string name = Name(i);
      if (!empty && Chance(2)) AddBranch(name);
      if (Chance(2)) AddEnvironment(name);
      if (Chance(6)) asked_.push_back(name);
      if (Chance(8)) granted_.push_back(name);
    }
  }

  Plan Make() const {
    return MakePlan({.branches = branches_,
                     .environments = environments_,
                     .asked = asked_,
                     .granted = granted_,
                     .policy = policy_,
                     .now = {}});
  }

  void Shuffle() {
    std::shuffle(branches_.begin(), branches_.end(), random_);
    std::shuffle(environments_.begin(), environments_.end(), random_);
    std::shuffle(asked_.begin(), asked_.end(), random_);
    std::shuffle(granted_.begin(), granted_.end(), random_);
  }

  /// Does what a platform would do; deployments fail now and then.
  void Apply(const Plan& plan) {
    for (const Step& step : plan.steps) {
      if (!Changes(step.action)) continue;
      const auto at = std::find_if(environments_.begin(), environments_.end(),
                                   [&](const Environment& e) { return IsOurs(e) && e.branch == step.branch; });
      if (step.action == Action::kDelete) {
        ASSERT_NE(at, environments_.end());
        environments_.erase(at);
        continue;
      }
      if (step.action == Action::kReplace) {
        ASSERT_NE(at, environments_.end());
        at->fixed = FixedOf(step.branch);
        at->serving_commit.clear();
      }
      const bool fresh = at == environments_.end();
      if (fresh) AddBareEnvironment(step.branch);
      Environment& environment = fresh ? environments_.back() : *at;
      ++environment.generation;
      environment.stopped = false;
      Attempt attempt{.generation = environment.generation, .commit = step.commit, .settings_hash = step.settings_hash};
      attempt.result = Chance(3) ? Attempt::Result::kFailed : Attempt::Result::kSucceeded;
      if (attempt.result == Attempt::Result::kSucceeded) {
        environment.state = State::kReady;
        environment.serving_commit = step.commit;
        environment.settings_hash = step.settings_hash;
      }
      environment.last_attempt = attempt;
    }
    asked_.clear();
    granted_.clear();
  }

  bool IsOurs(const Environment& environment) const {
    return environment.owner_mark == kOwnerMark && environment.app == "shop";
  }
  bool HasBranch(const std::string& name) const {
    return std::any_of(branches_.begin(), branches_.end(), [&](const auto& b) { return b.branch.name == name; });
  }
  const Environment* OursFor(const std::string& name) const {
    for (const Environment& e : environments_) {
      if (IsOurs(e) && e.branch == name) return &e;
    }
    return nullptr;
  }
  bool IsGranted(const std::string& name) const {
    return std::find(granted_.begin(), granted_.end(), name) != granted_.end();
  }
  std::map<std::string, std::string> FixedOf(const std::string& name) const {
    for (const WantedBranch& wanted : branches_) {
      if (wanted.branch.name == name) return wanted.fixed;
    }
    return {};
  }
  const Policy& policy() const { return policy_; }
  const std::vector<WantedBranch>& branches() const { return branches_; }
  const std::vector<Environment>& environments() const { return environments_; }

 private:
  bool Chance(int one_in) { return random_() % static_cast<unsigned>(one_in) == 0; }
  int Number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::string Commit() { return std::string(40, static_cast<char>('a' + Number(3))); }
  std::string Hash() { return Chance(4) ? "h2" : "h1"; }

  std::map<std::string, std::string> Fixed() {
    std::map<std::string, std::string> fixed;
    if (Chance(3)) fixed["host"] = Chance(2) ? "a" : "b";
    if (Chance(3)) fixed["load balancer"] = Chance(2) ? "1" : "2";
    return fixed;
  }

  std::string Name(int i) {
    const std::string n = std::to_string(i);
    switch (Number(6)) {
      case 0:
        return "feature/" + n;
      case 1:
        return "x" + n + "-no-infra";
      case 2:
        return "bot/" + n;
      case 3:
        return "keep/" + n;
      case 4:
        return i == 4 ? "main" : "Odd Name " + n;
      default:
        return "b" + n;
    }
  }

  void AddBranch(const std::string& name) {
    WantedBranch wanted{.branch = {.name = name, .commit = Commit()}, .profile = "branch", .settings_hash = Hash()};
    wanted.branch.committed_at = Time(std::chrono::seconds(Number(4)));
    if (Chance(8)) wanted.problem = "perch.yaml is wrong";
    if (Chance(12)) wanted.unavailable = "git did not answer";
    wanted.fixed = Fixed();
    branches_.push_back(wanted);
  }

  void AddBareEnvironment(const std::string& name) {
    Environment environment;
    environment.app = "shop";
    environment.branch = name;
    environment.slug = SlugFor(name);
    environment.owner_mark = kOwnerMark;
    environments_.push_back(environment);
  }

  void AddEnvironment(const std::string& name) {
    AddBareEnvironment(name);
    Environment& environment = environments_.back();
    environment.generation = 1 + static_cast<std::uint64_t>(Number(5));
    if (Chance(8)) environment.owner_mark = "someone";
    if (Chance(8)) environment.app = "other";
    if (!Chance(4)) environment.serving_commit = Commit();
    environment.state = Chance(6) ? State::kFailed : State::kReady;
    environment.settings_hash = Hash();
    environment.deleting = Chance(8);
    environment.fixed = Fixed();
    if (Chance(6)) {
      environment.stopped = true;
      environment.stopped_commit = Commit();
      environment.stopped_settings_hash = Hash();
    }
    if (!Chance(4)) {
      environment.last_attempt = Attempt{.commit = Commit(), .settings_hash = Hash()};
      environment.last_attempt->result = static_cast<Attempt::Result>(Number(4));
    }
  }

  std::mt19937 random_;
  std::vector<WantedBranch> branches_;
  std::vector<Environment> environments_;
  std::vector<std::string> asked_;
  std::vector<std::string> granted_;
  Policy policy_;
};

constexpr unsigned kWorlds = 3000;

TEST(PlannerProperties, DeletionFailsClosed) {
  int replaced = 0;
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    const World world(seed);
    const Plan plan = world.Make();
    int fresh = 0, unprotected = 0;
    for (const Environment& e : world.environments()) {
      if (!world.IsOurs(e)) continue;
      if (e.branch != "main" && !GlobMatches("keep/*", e.branch)) ++unprotected;
    }
    for (const Step& step : plan.steps) {
      if (step.action != Action::kDelete && step.action != Action::kReplace) continue;
      SCOPED_TRACE("seed " + std::to_string(seed) + ", branch " + step.branch);
      const Environment* environment = world.OursFor(step.branch);
      ASSERT_NE(environment, nullptr);
      if (step.action == Action::kReplace) ++replaced;
      EXPECT_EQ(step.generation, environment->generation);
      EXPECT_FALSE(world.branches().empty());
      EXPECT_NE(step.branch, "main");
      EXPECT_FALSE(GlobMatches("keep/*", step.branch));
      const bool skipped = GlobMatches("*-no-infra", step.branch) || GlobMatches("bot/*", step.branch);
      if (step.action == Action::kDelete) {
        EXPECT_TRUE(!world.HasBranch(step.branch) || skipped || environment->deleting);
      } else {
        EXPECT_TRUE(world.HasBranch(step.branch) && !skipped && !environment->deleting);
        EXPECT_NE(FixedChanges(environment->fixed, world.FixedOf(step.branch)), "");
      }
      if (!environment->deleting && !world.IsGranted(step.branch)) ++fresh;
    }
    EXPECT_LE(fresh, std::max(DeleteLimit(unprotected), world.policy().max_deletes.value_or(0))) << "seed " << seed;
    if (!plan.refusal.empty()) EXPECT_EQ(fresh, 0) << "seed " << seed;
  }
  EXPECT_GT(replaced, 100);
}

TEST(PlannerProperties, NothingIsChangedInPlaceThatCannotBe) {
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    const World world(seed);
    for (const Step& step : world.Make().steps) {
      const bool in_place =
          step.action == Action::kUpdate || step.action == Action::kRebuild || step.action == Action::kRetry;
      const Environment* environment = world.OursFor(step.branch);
      if (!in_place || !environment) continue;
      EXPECT_EQ(FixedChanges(environment->fixed, world.FixedOf(step.branch)), "") << "seed " << seed;
    }
  }
}

TEST(PlannerProperties, TheOrderOfTheListingsDoesNotMatter) {
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    World world(seed);
    const std::string before = ToJson(world.Make());
    world.Shuffle();
    EXPECT_EQ(before, ToJson(world.Make())) << "seed " << seed;
  }
}

TEST(PlannerProperties, StepsAreSortedAndOneForEachName) {
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    const World world(seed);
    const Plan plan = world.Make();
    for (std::size_t i = 1; i < plan.steps.size(); ++i) {
      EXPECT_LT(plan.steps[i - 1].branch, plan.steps[i].branch) << "seed " << seed;
    }
    for (const Step& step : plan.steps) EXPECT_NE(step.reason, "") << "seed " << seed;
  }
}

TEST(PlannerProperties, TheLimitOfEnvironmentsHolds) {
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    const World world(seed);
    if (world.policy().max_environments == 0) continue;
    const Plan plan = world.Make();
    const auto existing = std::count_if(world.environments().begin(), world.environments().end(),
                                        [&](const Environment& e) { return world.IsOurs(e); });
    std::vector<int> positions;
    long created = 0;
    for (const Step& step : plan.steps) {
      created += step.action == Action::kCreate;
      if (step.action == Action::kHold) positions.push_back(step.position.value_or(-1));
    }
    if (created > 0) EXPECT_LE(existing + created, world.policy().max_environments) << "seed " << seed;
    std::sort(positions.begin(), positions.end());
    for (std::size_t i = 0; i < positions.size(); ++i) EXPECT_EQ(positions[i], static_cast<int>(i) + 1);
  }
}

TEST(PlannerProperties, ApplyingPlansComesToRest) {
  for (unsigned seed = 0; seed < kWorlds; ++seed) {
    World world(seed);
    int rounds = 0;
    for (;; ++rounds) {
      ASSERT_LT(rounds, 12) << "seed " << seed << "\n" << PlanText(world.Make());
      const Plan plan = world.Make();
      const bool changes =
          std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) { return Changes(step.action); });
      if (!changes) break;
      world.Apply(plan);
    }
    for (const Step& step : world.Make().steps) {
      if (step.action == Action::kKeep) {
        EXPECT_EQ(world.OursFor(step.branch)->serving_commit, step.commit) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace perch::plan
