#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/fake_branch_source.h"
#include "engine/testing/fake_platform.h"
#include "engine/testing/memory_journal.h"
#include "model/names.h"

namespace perch::engine::testing {

/// An engine on fakes. The clock is a counter, so that times in events differ and repeat from run to run.
class EngineFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kHang = std::chrono::seconds(60);

  void Start(Engine::Options options = {.parallel = 2, .first_retry = std::chrono::milliseconds(1)}) {
    engine = std::make_unique<Engine>(Engine::Ports{.branches = source,
                                                    .settings = settings,
                                                    .platform = platform,
                                                    .events = events,
                                                    .journal = journal,
                                                    .clock = [this] { return Now(); },
                                                    .policy = [this] { return PolicyNow(); },
                                                    .url = {}},
                                      options);
    engine->Start();
  }
  void TearDown() override {
    if (engine) engine->Shutdown();
    EXPECT_FALSE(platform.two_on_one_branch());
  }

  void WaitUntilIdle() { ASSERT_TRUE(engine->WaitUntilIdle(kHang)); }

  /// Waits until the branch's view fits.
  void WaitForView(const std::string& branch, const std::function<bool(const BranchView&)>& fits) {
    const auto fits_now = [&] {
      const std::optional<BranchView> view = engine->FindView(branch);
      return view && fits(*view);
    };
    const auto give_up = std::chrono::steady_clock::now() + kHang;
    std::unique_lock lock(seen_mutex_);
    while (!fits_now() && std::chrono::steady_clock::now() < give_up) {
      seen_.wait_for(lock, std::chrono::milliseconds(10));  // not every change of a view has an event
    }
    const std::optional<BranchView> view = engine->FindView(branch);
    ASSERT_TRUE(view) << branch << " is unknown";
    ASSERT_TRUE(fits(*view)) << ToJson(*view);
  }
  void WaitForState(const std::string& branch, State state) {
    WaitForView(branch, [&](const BranchView& view) { return view.state == state; });
  }

  /// "main ready a" for each view: state and the first letter of what serves.
  std::vector<std::string> Say() const {
    std::vector<std::string> lines;
    for (const BranchView& view : engine->Views()) {
      std::string line = view.branch + " " + std::string(StateName(view.state));
      if (!view.serving_commit.empty()) line += " " + view.serving_commit.substr(0, 1);
      lines.push_back(line);
    }
    return lines;
  }
  /// The states that a branch went through, from the journal.
  std::vector<std::string> StatesOf(const std::string& branch) {
    std::vector<std::string> states;
    for (const Event& event : *journal.Read("", 0, 100'000)) {
      if (event.branch == branch && event.kind == Event::Kind::kState) states.emplace_back(StateName(*event.state));
    }
    return states;
  }
  std::vector<std::string> TextsOf(Event::Kind kind) {
    std::vector<std::string> texts;
    for (const Event& event : *journal.Read("", 0, 100'000)) {
      if (event.kind == kind) texts.push_back(event.text);
    }
    return texts;
  }

  Environment Ready(const std::string& branch, const std::string& commit, std::uint64_t generation = 3) {
    Environment environment;
    environment.app = "shop";
    environment.branch = branch;
    environment.slug = SlugFor(branch);
    environment.owner_mark = kOwnerMark;
    environment.profile = "branch";
    environment.generation = generation;
    environment.state = State::kReady;
    environment.serving_commit = commit;
    environment.settings_hash = "h1";
    environment.last_attempt = Attempt{
        .generation = generation, .commit = commit, .settings_hash = "h1", .result = Attempt::Result::kSucceeded};
    return environment;
  }

  void SetPolicy(plan::Policy policy) {
    const std::lock_guard lock(policy_mutex_);
    policy_ = std::move(policy);
  }

  FakeBranchSource source;
  FakeSettings settings;
  FakePlatform platform;
  MemoryJournal journal;
  EventStream events{[this] { return Now(); }, nullptr};
  std::unique_ptr<Engine> engine;

 private:
  Time Now() { return Time(std::chrono::milliseconds(++ticks_)); }
  plan::Policy PolicyNow() {
    const std::lock_guard lock(policy_mutex_);
    return policy_;
  }

  std::atomic<std::int64_t> ticks_ = 0;
  std::mutex policy_mutex_;
  plan::Policy policy_{.app = "shop"};
  std::mutex seen_mutex_;
  std::condition_variable seen_;
  std::unique_ptr<EventStream::Subscription> watcher_ = events.Subscribe([this](const Event&) {
    const std::lock_guard lock(seen_mutex_);
    seen_.notify_all();
  });
};

}  // namespace perch::engine::testing
