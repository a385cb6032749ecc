#include "beanstalk/sweep_plan.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/text.h"
#include "model/tags.h"

namespace perch::beanstalk {
namespace {

const Time kNow = *ParseTime("2026-11-22T12:00:00.000Z");

aws::Stack StackOf(const std::string& name, const aws::TextMap& tags) {
  aws::Stack stack{.id = "arn:aws:cloudformation:eu-central-1:1:stack/" + name + "/0",
                   .name = name,
                   .status = "CREATE_COMPLETE",
                   .tags = tags};
  stack.created = kNow - std::chrono::days(3);
  return stack;
}

aws::Stack Adopted(const std::string& name, const std::string& branch) { return StackOf(name, {{"branch", branch}}); }

aws::Stack Perchs(const std::string& name, const std::string& app, const std::string& branch,
                  const std::string& profile = "branch") {
  const Result<std::vector<Tag>> tags = TagsFor({.app = app, .branch = branch, .profile = profile});
  return StackOf(name, {tags->begin(), tags->end()});
}

SweepRules Adopting() {
  return {.app = "shop", .adopt = true, .limit = [](int unprotected) {
            return std::max(3, std::min(10, unprotected / 2));
          }};
}

std::string Told(const SweepPlan& plan) {
  std::string text;
  for (const StackVerdict& judged : plan.stacks)
    text += std::string(VerdictName(judged.verdict)) + " " + judged.stack.name + ": " + judged.reason + "\n";
  return text + (plan.refusal.empty() ? "" : "refused: " + plan.refusal + "\n");
}

std::string Plan(const std::vector<aws::Stack>& stacks, const std::vector<std::string>& branches,
                 const SweepRules& rules = Adopting(), const Marks* marks = nullptr) {
  return Told(MakeSweepPlan({.stacks = stacks, .branches = branches, .marks = marks, .now = kNow}, rules));
}

TEST(SweepPlan, GoesByPerchsTagsAndByTheAdoptedOne) {
  EXPECT_EQ(Plan({Perchs("a", "shop", "gone"), Perchs("b", "shop", "main"), Perchs("c", "other", "gone"),
                  Adopted("d", "lost"), Adopted("e", "main"), StackOf("f", {})},
                 {"main"}),
            "delete a: branch 'gone' is gone\n"
            "keep b: branch 'main' is there\n"
            "other-app c: it is an environment of app 'other'\n"
            "delete d: branch 'lost' is gone\n"
            "keep e: branch 'main' is there\n"
            "no-mark f: it has no tag 'branch'\n");
}

TEST(SweepPlan, WithoutAdoptOnlyPerchsOwnGo) {
  SweepRules rules = Adopting();
  rules.adopt = false;
  EXPECT_EQ(Plan({Perchs("a", "shop", "gone"), Adopted("d", "lost"), StackOf("f", {})}, {"main"}, rules),
            "delete a: branch 'gone' is gone\n"
            "no-mark d: perch did not make it; --adopt would go by its tag 'branch'\n"
            "no-mark f: perch did not make it\n");
}

TEST(SweepPlan, AnAdoptedTagMayBeABranchInAnotherSpelling) {
  const std::vector<std::string> branches = {"main", "feature/Cart", "fix/#12", "日本"};
  const auto told = [&](const std::string& tag) { return Plan({Adopted("a", tag)}, branches); };
  for (const char* tag : {"refs/heads/main", "refs/remotes/origin/main", "origin/main", " MAIN"}) {
    EXPECT_EQ(told(tag), "unreadable a: its tag '" + std::string(tag) + "' may mean branch 'main'\n");
  }
  for (const char* tag : {"feature/cart", "feature-cart", "feature%2FCart", "Feature_Cart"}) {
    EXPECT_EQ(told(tag), "unreadable a: its tag '" + std::string(tag) + "' may mean branch 'feature/Cart'\n");
  }
  EXPECT_EQ(told("fix/-12"), "unreadable a: its tag 'fix/-12' may mean branch 'fix/#12'\n");
  for (const char* tag : {"cart", "feature/cart2", "main2", "中国", "fix/1"}) {
    EXPECT_EQ(told(tag), "delete a: branch '" + std::string(tag) + "' is gone\n");
  }
  EXPECT_EQ(Plan({Perchs("a", "shop", "feature/cart")}, branches), "delete a: branch 'feature/cart' is gone\n")
      << "what perch wrote is exact";
}

TEST(SweepPlan, TagsThatPerchCannotHaveWrittenAreLeftAlone) {
  aws::Stack broken = Perchs("a", "shop", "gone");
  broken.tags.erase("perch:profile");
  aws::Stack shared = StackOf("b", {{"perch:app", "shop"}, {"perch:owner", "perch"}});
  const SweepPlan plan = MakeSweepPlan(
      {.stacks = std::vector{broken, shared}, .branches = std::vector<std::string>{"main"}, .now = kNow}, Adopting());
  EXPECT_EQ(plan.stacks[0].verdict, Verdict::kUnreadable);
  EXPECT_EQ(plan.stacks[1].reason, "it has perch's tags but no branch: environments share it");
}

TEST(SweepPlan, StatusProtectionAndNestingKeepAStack) {
  aws::Stack busy = Adopted("busy", "b1"), locked = Adopted("locked", "b2"), inner = Adopted("inner", "b3"),
             odd = Adopted("odd", "b4"), review = Adopted("review", "b5"), old = Adopted("old", "b6");
  busy.status = "UPDATE_IN_PROGRESS";
  locked.termination_protection = true;
  inner.parent_id = "arn:aws:cloudformation:eu-central-1:1:stack/outer/0";
  odd.status = "SOMETHING_NEW";
  review.status = old.status = "REVIEW_IN_PROGRESS";
  review.created = kNow - std::chrono::minutes(5);
  SweepRules rules = Adopting();
  rules.protect_stacks = {"prod*"};
  rules.protect_branches = {"release/*"};
  EXPECT_EQ(Plan({busy, locked, inner, odd, review, old, Adopted("prod", "b7"), Adopted("rel", "release/1"),
                  Adopted("awseb-e-1-stack", "b8")},
                 {"main"}, rules),
            "in-progress busy: it is in UPDATE_IN_PROGRESS\n"
            "termination-protected locked: it has termination protection in CloudFormation\n"
            "nested inner: it is part of another stack, and goes with that one\n"
            "in-progress odd: its status 'SOMETHING_NEW' is none that perch knows how to delete from\n"
            "in-progress review: it is in REVIEW_IN_PROGRESS: a deployment may be about to begin\n"
            "delete old: branch 'b6' is gone\n"
            "protected prod: stack is protected by 'prod*'\n"
            "protected rel: branch 'release/1' is protected by 'release/*'\n"
            "nested awseb-e-1-stack: Elastic Beanstalk made it for an environment, and deletes it\n");
}

TEST(SweepPlan, ProductionAndStagingStayThoughTheirBranchesAreGone) {
  SweepRules rules = Adopting();
  rules.protect_profiles.push_back("big");
  rules.protect_branches = {"production"};
  EXPECT_EQ(Plan({Perchs("a", "shop", "main", "production"), Perchs("b", "shop", "next", "staging"),
                  Perchs("c", "shop", "huge", "big"), Adopted("d", "production"), Perchs("e", "shop", "gone")},
                 {"other"}, rules),
            "protected a: environments of profile 'production' are never swept\n"
            "protected b: environments of profile 'staging' are never swept\n"
            "protected c: environments of profile 'big' are never swept\n"
            "protected d: branch 'production' is protected by 'production'\n"
            "delete e: branch 'gone' is gone\n");
}

TEST(SweepPlan, SeveralStacksOfOneBranchAllStayWhenOneMust) {
  aws::Stack busy = Adopted("b", "gone");
  busy.status = "DELETE_IN_PROGRESS";
  EXPECT_EQ(Plan({Adopted("a", "gone"), busy}, {"main"}),
            "held-back a: branch 'gone' is gone, but its other stack b stays: it is in DELETE_IN_PROGRESS\n"
            "in-progress b: it is in DELETE_IN_PROGRESS\n");
}

TEST(SweepPlan, AStackOnTwoPagesIsOne) {
  EXPECT_EQ(Plan({Adopted("a", "gone"), Adopted("a", "gone")}, {"main"}), "delete a: branch 'gone' is gone\n");
}

TEST(SweepPlan, ATagThatMayBeACutNameKeepsItsStack) {
  const std::string cut(256, 'x');
  EXPECT_EQ(Plan({Adopted("a", cut)}, {cut + "y"}), "keep a: its tag may be the cut name of branch '" + cut + "y'\n");
}

TEST(SweepPlan, EmptyListsAndTooManyAreRefused) {
  EXPECT_EQ(Plan({Adopted("a", "gone")}, {}),
            "delete a: branch 'gone' is gone\nrefused: the list of branches is empty\n");
  EXPECT_EQ(Plan({}, {"main"}), "refused: the list of stacks is empty\n");
  std::vector<aws::Stack> four;
  for (const char* name : {"a", "b", "c", "d"}) four.push_back(Adopted(name, std::string("gone-") + name));
  SweepRules rules = Adopting();
  EXPECT_TRUE(Plan(four, {"main"}, rules)
                  .ends_with("refused: 4 stacks would go at once, more than the limit of 3 (4 of the listed ones are "
                             "not protected)\n"));
  rules.max_deletes = 2;
  EXPECT_TRUE(Plan(four, {"main"}, rules)
                  .ends_with("refused: 4 stacks would go at once, more than the limit of 2 (--max-deletes)\n"));
  rules.max_deletes = 4;
  EXPECT_FALSE(Told(MakeSweepPlan({.stacks = four, .branches = std::vector<std::string>{"main"}, .now = kNow}, rules))
                   .contains("refused"));
}

TEST(SweepPlan, AGraceCountsFromTheFirstSighting) {
  SweepRules rules = Adopting();
  rules.grace = std::chrono::hours(1);
  const std::vector<aws::Stack> stacks = {Adopted("new", "b1"), Adopted("young", "b2"), Adopted("old", "b3"),
                                          Adopted("renamed", "b4"), Adopted("future", "b5")};
  const Marks marks = {{stacks[1].id, {"b2", kNow - std::chrono::minutes(59)}},
                       {stacks[2].id, {"b3", kNow - std::chrono::minutes(60)}},
                       {stacks[3].id, {"other", kNow - std::chrono::hours(9)}},
                       {stacks[4].id, {"b5", kNow + std::chrono::hours(1)}}};
  EXPECT_EQ(
      Plan(stacks, {"main"}, rules, &marks),
      "wait new: branch 'b1' is gone, first seen now; it may go after 2026-11-22T13:00:00.000Z\n"
      "wait young: branch 'b2' is gone, first seen 2026-11-22T11:01:00.000Z; it may go after 2026-11-22T12:01:00.000Z\n"
      "delete old: branch 'b3' is gone, first seen 2026-11-22T11:00:00.000Z\n"
      "wait renamed: branch 'b4' is gone, first seen now; it may go after 2026-11-22T13:00:00.000Z\n"
      "wait future: branch 'b5' is gone, first seen now; it may go after 2026-11-22T13:00:00.000Z\n");
  EXPECT_TRUE(Plan(stacks, {"main"}, rules)
                  .ends_with("refused: there is a grace, but nowhere to record when a branch was first missed\n"));
}

TEST(SweepPlan, MarksAreKeptClearedAndDropped) {
  SweepRules rules = Adopting();
  rules.grace = std::chrono::hours(1);
  const std::vector<aws::Stack> stacks = {Adopted("gone", "gone"), Adopted("back", "main"), Adopted("known", "b"),
                                          Perchs("others", "other", "x")};
  const Time early = kNow - std::chrono::minutes(7);
  const Marks before = {{stacks[1].id, {"main", early}},
                        {stacks[2].id, {"b", early}},
                        {stacks[3].id, {"x", early}},
                        {"arn:aws:cloudformation:eu-central-1:1:stack/deleted/0", {"d", early}},
                        {"arn:aws:cloudformation:us-east-1:1:stack/elsewhere/0", {"e", early}},
                        {"arn:aws:cloudformation:eu-central-1:2:stack/of-another-account/0", {"g", early}},
                        {"arn:aws:cloudformation:us-east-1:1:stack/ancient/0", {"f", kNow - std::chrono::days(91)}}};
  const std::vector<std::string> branches = {"main"};
  const SweepPlan plan = MakeSweepPlan({.stacks = stacks, .branches = branches, .marks = &before, .now = kNow}, rules);
  const Marks expected = {{stacks[0].id, {"gone", kNow}},
                          {stacks[2].id, {"b", early}},
                          {stacks[3].id, {"x", early}},
                          {"arn:aws:cloudformation:eu-central-1:2:stack/of-another-account/0", {"g", early}},
                          {"arn:aws:cloudformation:us-east-1:1:stack/elsewhere/0", {"e", early}}};
  EXPECT_EQ(MarksAfter(plan, before, "eu-central-1", kNow), expected);
}

TEST(SweepPlan, NeverDeletesWhatItMustNotWhateverTheLists) {
  std::mt19937 random(4);
  const auto pick = [&](int n) { return int(random() % unsigned(n)); };
  const std::vector<std::string> statuses = {"CREATE_COMPLETE",   "UPDATE_IN_PROGRESS", "DELETE_FAILED",
                                             "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"};
  int deletions = 0, refusals = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<aws::Stack> stacks;
    for (int i = pick(40); i > 0; --i) {
      const std::string name = "s" + std::to_string(i), branch = "b" + std::to_string(pick(30));
      aws::Stack stack = pick(3) ? Adopted(name, branch)
                                 : Perchs(name, pick(4) ? "shop" : "other", branch, pick(5) ? "branch" : "staging");
      stack.status = pick(3) ? statuses[0] : statuses[std::size_t(pick(int(statuses.size())))];
      stack.termination_protection = pick(12) == 0;
      if (pick(15) == 0) stack.parent_id = "p";
      stacks.push_back(stack);
    }
    std::set<std::string> branches;
    for (int i = pick(30); i > 0; --i) branches.insert("b" + std::to_string(pick(30)));
    SweepRules rules = Adopting();
    rules.adopt = pick(4) != 0;
    if (pick(3) == 0) rules.max_deletes = pick(12);
    if (pick(3) == 0) rules.protect_branches = {"b1*"};
    if (pick(3) == 0) rules.protect_stacks = {"s2*"};
    const std::vector<std::string> list(branches.begin(), branches.end());
    const SweepPlan plan = MakeSweepPlan({.stacks = stacks, .branches = list, .now = kNow}, rules);
    ASSERT_EQ(plan.stacks.size(), stacks.size());
    if (!plan.refusal.empty()) {
      ++refusals;
      continue;
    }
    ASSERT_TRUE(!list.empty() && !stacks.empty());
    std::set<std::string> going, staying;
    for (const StackVerdict& judged : plan.stacks) {
      ASSERT_FALSE(judged.reason.empty());
      if (judged.verdict != Verdict::kDelete) {
        if (judged.orphan) staying.insert(judged.branch);
        continue;
      }
      ++deletions;
      going.insert(judged.branch);
      ASSERT_FALSE(branches.contains(judged.branch)) << Told(plan);
      ASSERT_FALSE(judged.stack.termination_protection || !judged.stack.parent_id.empty() ||
                   judged.stack.status.ends_with("_IN_PROGRESS"));
      ASSERT_TRUE(rules.adopt || judged.stack.tags.contains("perch:app"));
      const auto profile = judged.stack.tags.find("perch:profile");
      ASSERT_TRUE(profile == judged.stack.tags.end() || profile->second == "branch");
      ASSERT_FALSE(!rules.protect_branches.empty() && judged.branch.starts_with("b1"));
      ASSERT_FALSE(!rules.protect_stacks.empty() && judged.stack.name.starts_with("s2"));
    }
    for (const std::string& branch : going) ASSERT_FALSE(staying.contains(branch)) << Told(plan);
    ASSERT_LE(plan.Count(Verdict::kDelete), rules.max_deletes.value_or(10));
  }
  EXPECT_GT(deletions, 10);
  EXPECT_GT(refusals, 10);
}

}  // namespace
}  // namespace perch::beanstalk
