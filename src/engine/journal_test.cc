#include "engine/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/events.h"

namespace perch::engine {
namespace {

namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "perch-journal-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path Path() const { return folder_ / "journal.db"; }
  std::unique_ptr<Journal> Open() {
    Result<std::unique_ptr<Journal>> journal = Journal::Open(Path());
    EXPECT_TRUE(journal) << journal.error().Text();
    return journal ? std::move(*journal) : nullptr;
  }
  static Event Numbered(std::uint64_t id, const std::string& slug = "main") {
    return {.id = id, .at = Time(std::chrono::milliseconds(id)), .slug = slug, .text = "event " + std::to_string(id)};
  }
  static std::vector<std::uint64_t> Ids(const Result<std::vector<Event>>& events) {
    std::vector<std::uint64_t> ids;
    if (!events) return {999};
    for (const Event& event : *events) ids.push_back(event.id);
    return ids;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder_)) names.push_back(file.path().filename());
    return names;
  }

  fs::path folder_;
};
using Numbers = std::vector<std::uint64_t>;

TEST_F(JournalTest, GivesBackWhatWasAppended) {
  Event event = Numbered(5);
  event.kind = Event::Kind::kStageFailed;
  event.branch = std::string("odd \xff '); DROP TABLE event; --");
  event.commit = "abc";
  event.generation = 12;
  event.state = State::kFailed;
  event.stage = Stage::kTest;
  event.took = std::chrono::milliseconds(1234);
  {
    const auto journal = Open();
    ASSERT_TRUE(journal->Append(event));
    ASSERT_TRUE(journal->Append(Numbered(6)));
  }
  const auto journal = Open();
  const Result<std::vector<Event>> events = journal->Read("", 0, 10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ(ToJson((*events)[0]), ToJson(event));
  EXPECT_EQ((*events)[0].branch, event.branch);
  EXPECT_EQ(ToJson((*events)[1]), ToJson(Numbered(6)));
  EXPECT_EQ(journal->LastId(), 6U);
}

TEST_F(JournalTest, ReadsBySlugFromAPointOrTheNewest) {
  const auto journal = Open();
  EXPECT_EQ(journal->LastId(), 0U);
  for (std::uint64_t id = 1; id <= 10; ++id) ASSERT_TRUE(journal->Append(Numbered(id, id % 2 ? "odd" : "even")));
  EXPECT_EQ(Ids(journal->Read("odd", 3, 2)), (Numbers{5, 7}));
  EXPECT_EQ(Ids(journal->Read("", 8, 100)), (Numbers{9, 10}));
  EXPECT_EQ(Ids(journal->ReadNewest("even", 2)), (Numbers{8, 10}));
  EXPECT_EQ(Ids(journal->ReadNewest("", 3)), (Numbers{8, 9, 10}));
  EXPECT_EQ(Ids(journal->Read("none", 0, 10)), Numbers{});
}

TEST_F(JournalTest, TrimKeepsTheNewest) {
  const auto journal = Open();
  for (std::uint64_t id = 1; id <= 10; ++id) ASSERT_TRUE(journal->Append(Numbered(id)));
  ASSERT_TRUE(journal->Trim(3));
  EXPECT_EQ(Ids(journal->Read("", 0, 100)), (Numbers{8, 9, 10}));
  ASSERT_TRUE(journal->Trim(30));
  EXPECT_EQ(Ids(journal->Read("", 0, 100)), (Numbers{8, 9, 10}));
  EXPECT_EQ(journal->LastId(), 10U);
}

TEST_F(JournalTest, ARepeatedIdIsAnErrorAndDoesNoHarm) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Append(Numbered(1)));
  const Status again = journal->Append(Numbered(1));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().what, "cannot write to the journal");
  EXPECT_EQ(again.error().where, Path().string());
  EXPECT_TRUE(journal->Append(Numbered(2)));
}

TEST_F(JournalTest, AFileThatIsNoJournalIsSetAside) {
  std::ofstream(Path()) << "this is not a database, but long enough to look like one: " << std::string(4096, 'x');
  {
    const auto journal = Open();
    ASSERT_TRUE(journal->Append(Numbered(1)));
  }
  EXPECT_THAT(Files(), ::testing::UnorderedElementsAre(
                           "journal.db", ::testing::MatchesRegex("journal.db.damaged-....-..-..T......")));
}

TEST_F(JournalTest, ADamagedJournalIsSetAsideAsOftenAsItHappens) {
  for (int round = 0; round < 2; ++round) {
    {
      const auto journal = Open();
      for (std::uint64_t id = 1; id <= 200; ++id) ASSERT_TRUE(journal->Append(Numbered(id)));
    }
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(8192, '\x5a');
    file.close();
    fs::last_write_time(Path(), fs::file_time_type{});
    const auto journal = Open();
    EXPECT_EQ(journal->LastId(), 0U);
  }
  EXPECT_EQ(Files().size(), 3U);
}

TEST_F(JournalTest, AJournalOfANewerPerchIsLeftAlone) {
  Open();
  SQLite::Database(Path().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 7");
  const auto journal = Journal::Open(Path());
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().Text(), "cannot use the journal: " + Path().string() +
                                        ": it was written by a newer perch (version 7)\n  Use that perch, or move the "
                                        "file away: it holds history only.");
}

TEST_F(JournalTest, AMissingFolderIsAnError) {
  const auto journal = Journal::Open(folder_ / "none" / "journal.db");
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().what, "cannot open the journal");
}

TEST_F(JournalTest, ManyThreadsMayUseIt) {
  const auto journal = Open();
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (std::uint64_t j = 0; j < 50; ++j) EXPECT_TRUE(journal->Append(Numbered(1 + i * 50 + j)));
      EXPECT_TRUE(journal->ReadNewest("main", 10));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Ids(journal->Read("", 0, 1000)).size(), 200U);
}

}  // namespace
}  // namespace perch::engine
