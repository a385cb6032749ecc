#include "engine/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace perch::engine {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kBusyMilliseconds = 5000;

constexpr const char* kSchema = R"(
  CREATE TABLE event (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, branch TEXT NOT NULL, slug TEXT NOT NULL,
    commit_hash TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL, stage TEXT NOT NULL,
    took INTEGER NOT NULL, text TEXT NOT NULL);
  CREATE INDEX event_slug ON event (slug, id);
  PRAGMA user_version = 1;
)";

constexpr const char* kColumns = "id, at, kind, branch, slug, commit_hash, generation, state, stage, took, text";

Event ReadEvent(SQLite::Statement& row) {
  Event event;
  event.id = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  event.at = Time(std::chrono::milliseconds(row.getColumn(1).getInt64()));
  event.kind = ParseEventKind(row.getColumn(2).getString()).value_or(Event::Kind::kNotice);
  event.branch = row.getColumn(3).getString();
  event.slug = row.getColumn(4).getString();
  event.commit = row.getColumn(5).getString();
  event.generation = static_cast<std::uint64_t>(row.getColumn(6).getInt64());
  event.state = ParseState(row.getColumn(7).getString());
  event.stage = ParseStage(row.getColumn(8).getString());
  event.took = std::chrono::milliseconds(row.getColumn(9).getInt64());
  event.text = row.getColumn(10).getString();
  return event;
}

class SqliteJournal : public Journal {
 public:
  explicit SqliteJournal(const std::filesystem::path& path)
      : path_(path), database_(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMilliseconds) {
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = NORMAL");
    database_.exec("PRAGMA journal_size_limit = 4194304");
    if (const std::string verdict = database_.execAndGet("PRAGMA quick_check(1)").getString(); verdict != "ok") {
      throw SQLite::Exception(verdict.substr(verdict.rfind('\n') + 1), SQLITE_CORRUPT);
    }
    version_ = database_.execAndGet("PRAGMA user_version").getInt();
    if (version_ == 0) {
      SQLite::Transaction transaction(database_);
      database_.exec(kSchema);
      transaction.commit();
      version_ = kSchemaVersion;
    }
    if (version_ != kSchemaVersion) return;
    append_ = std::make_unique<SQLite::Statement>(
        database_, std::string("INSERT INTO event (") + kColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  }

  int version() const { return version_; }

  Status Append(const Event& event) override {
    return Try("write to", [&] {
      const Reset reset(*append_);
      append_->bind(1, static_cast<std::int64_t>(event.id));
      append_->bind(2, static_cast<std::int64_t>(event.at.time_since_epoch().count()));
      append_->bind(3, std::string(EventKindName(event.kind)));
      append_->bind(4, event.branch);
      append_->bind(5, event.slug);
      append_->bind(6, event.commit);
      append_->bind(7, static_cast<std::int64_t>(event.generation));
      append_->bind(8, std::string(event.state ? StateName(*event.state) : ""));
      append_->bind(9, std::string(event.stage ? StageName(*event.stage) : ""));
      append_->bind(10, static_cast<std::int64_t>(event.took.count()));
      append_->bind(11, event.text);
      append_->exec();
    });
  }

  Result<std::vector<Event>> Read(const std::string& slug, std::uint64_t after, int limit) override {
    return Select(slug, "id > ?", "id ASC", static_cast<std::int64_t>(after), limit);
  }

  Result<std::vector<Event>> ReadNewest(const std::string& slug, int limit) override {
    Result<std::vector<Event>> events = Select(slug, "id > ?", "id DESC", 0, limit);
    if (events) std::reverse(events->begin(), events->end());
    return events;
  }

  std::uint64_t LastId() override {
    std::int64_t last = 0;
    const Status read =
        Try("read", [&] { last = database_.execAndGet("SELECT ifnull(max(id), 0) FROM event").getInt64(); });
    return read ? static_cast<std::uint64_t>(last) : 0;
  }

  Status Trim(std::uint64_t keep) override {
    return Try("trim", [&] {
      SQLite::Statement trim(database_,
                             "DELETE FROM event WHERE id <= (SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?)");
      trim.bind(1, static_cast<std::int64_t>(keep));
      trim.exec();
    });
  }

 private:
  /// Makes a statement ready for its next use, whatever happened.
  class Reset {
   public:
    explicit Reset(SQLite::Statement& statement) : statement_(statement) {}
    ~Reset() {
      statement_.tryReset();
      try {
        statement_.clearBindings();
      } catch (const SQLite::Exception&) {  // the next bind overwrites them all
      }
    }
    Reset(const Reset&) = delete;

   private:
    SQLite::Statement& statement_;
  };

  template <typename Work>
  Status Try(const char* verb, const Work& work) {
    const std::lock_guard lock(mutex_);
    try {
      work();
      return {};
    } catch (const SQLite::Exception& error) {
      return Fail({.what = std::string("cannot ") + verb + " the journal",
                   .where = path_.string(),
                   .why = error.what(),
                   .hint = "Check the space on the disk and the rights of the folder."});
    }
  }

  Result<std::vector<Event>> Select(const std::string& slug, const char* where, const char* order, std::int64_t after,
                                    int limit) {
    std::vector<Event> events;
    const Status read = Try("read", [&] {
      SQLite::Statement query(database_, std::string("SELECT ") + kColumns + " FROM event WHERE " + where +
                                             (slug.empty() ? "" : " AND slug = ?") + " ORDER BY " + order + " LIMIT ?");
      int at = 0;
      query.bind(++at, after);
      if (!slug.empty()) query.bind(++at, slug);
      query.bind(++at, std::max(limit, 0));
      while (query.executeStep()) events.push_back(ReadEvent(query));
    });
    if (!read) return std::unexpected(read.error());
    return events;
  }

  const std::filesystem::path path_;
  std::mutex mutex_;
  SQLite::Database database_;
  int version_ = 0;
  std::unique_ptr<SQLite::Statement> append_;
};

/// Moves the database and its side files out of the way; named after when it was last written.
Status SetAside(const std::filesystem::path& path, const std::string& why) {
  struct stat facts{};
  if (stat(path.c_str(), &facts) != 0) {
    return Fail({.what = "cannot open the journal", .where = path.string(), .why = why});
  }
  std::string stamp = FormatTime(Time(std::chrono::seconds(facts.st_mtime))).substr(0, 19);
  std::erase(stamp, ':');
  std::string aside = path.string() + ".damaged-" + stamp;
  std::error_code error;
  for (int i = 2; std::filesystem::exists(aside, error); ++i) {
    aside = path.string() + ".damaged-" + stamp + "-" + std::to_string(i);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code moved;
    std::filesystem::rename(path.string() + suffix, aside + suffix, moved);
    if (moved && *suffix == '\0') {
      return Fail({.what = "cannot set the damaged journal aside", .where = path.string(), .why = moved.message()});
    }
  }
  Log(LogLevel::kWarning, "the journal " + path.string() + " is damaged (" + why + "); it is kept as " + aside +
                              " and a new one begins. No environment is lost.");
  return {};
}

Result<std::unique_ptr<Journal>> OpenOnce(const std::filesystem::path& path, bool& damaged) {
  try {
    auto journal = std::make_unique<SqliteJournal>(path);
    if (journal->version() != kSchemaVersion) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "cannot use the journal",
                   .where = path.string(),
                   .why = "it was written by a newer perch (version " + std::to_string(journal->version()) + ")",
                   .hint = "Use that perch, or move the file away: it holds history only."});
    }
    return journal;
  } catch (const SQLite::Exception& error) {
    const int code = error.getErrorCode();
    damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return Fail({.what = "cannot open the journal",
                 .where = path.string(),
                 .why = error.what(),
                 .hint = "Check that the folder exists and can be written to."});
  }
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(const std::filesystem::path& path) {
  bool damaged = false;
  Result<std::unique_ptr<Journal>> journal = OpenOnce(path, damaged);
  if (journal || !damaged) return journal;
  if (const Status aside = SetAside(path, journal.error().why); !aside) return std::unexpected(aside.error());
  return OpenOnce(path, damaged);
}

}  // namespace perch::engine
