#include "beanstalk/branch_record.h"

#include <gtest/gtest.h>

#include "aws/testing.h"

namespace perch::beanstalk {
namespace {

BranchRecord Whole() {
  BranchRecord record{.identity = {.app = "shop", .branch = "f\xff/\"ä", .profile = "branch"},
                      .generation = 7,
                      .last_attempt = Attempt{.generation = 7,
                                              .commit = "c0ffee",
                                              .settings_hash = "abc",
                                              .result = Attempt::Result::kFailed,
                                              .stage = Stage::kStart,
                                              .reason = "it said \x01\xfe\n",
                                              .started_at = *ParseTime("2026-11-22T12:00:00Z"),
                                              .ended_at = *ParseTime("2026-11-22T12:01:00Z")},
                      .deleting = true,
                      .stopped_commit = "dead",
                      .stopped_settings_hash = "beef",
                      .fixed = {{"host", "ä.example.com"}},
                      .create_seconds = 480,
                      .update_seconds = 90,
                      .created_at = *ParseTime("2026-11-22T11:00:00Z"),
                      .updated_at = *ParseTime("2026-11-22T12:01:00Z")};
  record.Causes("stack", "perch-shop-f");
  record.Causes("image", "r@sha256:1");
  return record;
}

TEST(BranchRecord, IsReadAsItWasWritten) {
  const std::string text = FormatRecord(Whole());
  const Result<BranchRecord> read = ParseRecord(text, "there");
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(FormatRecord(*read), text);
  EXPECT_EQ(read->identity.branch, "f\xff/\"ä");
  EXPECT_EQ(read->last_attempt->reason, "it said \x01\xfe\n");
  EXPECT_EQ(read->caused, (std::vector<Caused>{{"image", "r@sha256:1"}, {"stack", "perch-shop-f"}}));
}

TEST(BranchRecord, WhatIsCausedIsNotedOnceAndInOrder) {
  BranchRecord record;
  for (const char* name : {"b", "a", "b", ""}) record.Causes("bucket", name);
  EXPECT_EQ(record.caused, (std::vector<Caused>{{"bucket", "a"}, {"bucket", "b"}}));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(BranchRecord, NothingDamagedIsRead) {
  const std::string whole = FormatRecord(Whole());
  const struct {
    const char* name;
    std::string text;
    const char* why;
  } cases[] = {
      {"cut", whole.substr(0, whole.size() / 2), "it is no JSON: incomplete JSON"},
      {"empty", "", "it is no JSON: incomplete JSON"},
      {"a list", "[]", "it is not what perch writes"},
      {"a later format", Replaced(whole, "perch-branch-1", "perch-branch-2"), "it is not what this perch writes"},
      {"no number", Replaced(whole, "\"generation\":7,\"deleting\"", "\"generation\":\"x\",\"deleting\""),
       "something in it is not what perch writes"},
      {"negative", Replaced(whole, "\"create_seconds\":480", "\"create_seconds\":-1"),
       "something in it is not what perch writes"},
      {"no time", Replaced(whole, "2026-11-22T11:00", "yesterday"), "something in it is not what perch writes"},
      {"no branch", Replaced(whole, "f%FF%2F%22%C3%A4", ""), "something in it is not what perch writes"},
      {"a broken escape", Replaced(whole, "f%FF", "f%F"), "something in it is not what perch writes"},
      {"an attempt of no kind", Replaced(whole, "\"failed\"", "\"pondered\""),
       "its last attempt is not what perch writes"},
      {"an attempt that is none", Replaced(whole, "\"last_attempt\":{", "\"last_attempt\":1,\"was\":{"),
       "its last attempt is not what perch writes"},
      {"nothing fixed", Replaced(whole, "\"fixed\"", "\"unfixed\""), "it does not say what is fixed"},
      {"nothing caused", Replaced(whole, "\"caused\"", "\"uncaused\""), "it does not say what was caused"},
      {"something caused has no name", Replaced(whole, "\"name\":\"perch", "\"named\":\"perch"),
       "what was caused is not what perch writes"},
  };
  for (const auto& [name, text, why] : cases) {
    const Result<BranchRecord> read = ParseRecord(text, "s3://b/k");
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().kind, ErrorKind::kRefused) << name;
    EXPECT_EQ(read.error().Text(), "cannot use what is recorded of a branch: s3://b/k: " + std::string(why) +
                                       "\n  Look at the object's earlier versions, and put a whole one back.")
        << name;
  }
}

class BranchRecordsTest : public testing::Test {
 protected:
  static std::string Header(std::string_view name) {
    for (const auto& [key, value] : world.transport.requests.at(0).headers) {
      if (key == name) return value;
    }
    return "";
  }
  void SetUp() override {
    world.transport.replies.clear();
    world.transport.requests.clear();
  }

  static inline aws::TestWorld world;
  BranchRecords records{aws::S3(world.MakeClient()), "versions"};
};

TEST_F(BranchRecordsTest, OneThatWasNeverWrittenHasNoGeneration) {
  world.transport.Add(404, "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>");
  const Result<BranchRecords::Found> found = records.Read("shop", "feature/cart");
  ASSERT_TRUE(found) << found.error().Text();
  EXPECT_EQ(found->etag, "");
  EXPECT_EQ(found->record.generation, 0u);
  EXPECT_EQ(found->record.identity.branch, "feature/cart");
}

TEST_F(BranchRecordsTest, ABucketThatIsGoneIsNoRecordThatWasNeverWritten) {
  world.transport.Add(404, "<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>");
  EXPECT_FALSE(records.Read("shop", "feature/cart"));
}

TEST_F(BranchRecordsTest, AnotherBranchsRecordIsRefused) {
  world.transport.Add(200, FormatRecord(Whole()), {{"ETag", "\"1\""}});
  const Result<BranchRecords::Found> found = records.Read("shop", "feature/cart");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().why, "it is another branch's");
}

TEST_F(BranchRecordsTest, ANewOneIsWrittenOnlyWhereThereIsNone) {
  world.transport.Add(200, "", {{"ETag", "\"2\""}});
  BranchRecords::Found found{.record = Whole()};
  ASSERT_TRUE(records.Write(found));
  EXPECT_EQ(found.etag, "\"2\"");
  EXPECT_EQ(Header("If-None-Match"), "*");
}

TEST_F(BranchRecordsTest, ALaterOneIsWrittenOnlyOverWhatWasRead) {
  world.transport.Add(200, "", {{"ETag", "\"3\""}});
  BranchRecords::Found found{.record = Whole(), .etag = "\"2\""};
  ASSERT_TRUE(records.Write(found));
  EXPECT_EQ(Header("If-Match"), "\"2\"");
}

TEST_F(BranchRecordsTest, WhoWritesLaterThanAnotherIsSuperseded) {
  world.transport.Add(412, "<Error><Code>PreconditionFailed</Code><Message>no</Message></Error>");
  BranchRecords::Found found{.record = Whole(), .etag = "\"2\""};
  const Status written = records.Write(found);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kSuperseded);
  EXPECT_EQ(found.etag, "\"2\"");
}

}  // namespace
}  // namespace perch::beanstalk
