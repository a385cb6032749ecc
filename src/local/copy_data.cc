#include "local/copy_data.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace perch::local {
namespace {

namespace fs = std::filesystem;

constexpr char kSqliteMagic[] = "SQLite format 3";  // with its NUL, 16 bytes (SQLite's file format, 1.3)
constexpr int kBusyMs = 30'000;

bool IsDatabase(const fs::path& file) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  char head[sizeof kSqliteMagic];
  return fd && read(fd.get(), head, sizeof head) == ssize_t(sizeof head) &&
         std::memcmp(head, kSqliteMagic, sizeof head) == 0;
}

/// Whether `file` is what SQLite keeps beside a database: its content is in the backup.
bool BelongsToDatabase(const fs::path& file) {
  const std::string name = file.string();
  for (const std::string suffix : {"-wal", "-shm", "-journal"}) {
    if (name.ends_with(suffix) && IsDatabase(name.substr(0, name.size() - suffix.size()))) return true;
  }
  return false;
}

bool BackUp(const fs::path& from, const fs::path& to) {
  sqlite3 *source = nullptr, *target = nullptr;
  int code = sqlite3_open_v2(from.c_str(), &source, SQLITE_OPEN_READWRITE, nullptr);
  if (code == SQLITE_OK)
    code = sqlite3_open_v2(to.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(source, kBusyMs);
    // The copy is thrown away if the machine stops now, so nothing need reach the disk in order.
    sqlite3_exec(target, "PRAGMA synchronous=OFF", nullptr, nullptr, nullptr);
    sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup) {
      // All pages in one step: one read transaction, so a busy writer cannot make it start over for ever.
      int step = SQLITE_OK, tries = 0;
      do {
        step = sqlite3_backup_step(backup, -1);
        if (step == SQLITE_BUSY || step == SQLITE_LOCKED) sqlite3_sleep(50);
      } while ((step == SQLITE_BUSY || step == SQLITE_LOCKED) && ++tries < kBusyMs / 50);
      code = sqlite3_backup_finish(backup);
      if (code == SQLITE_OK && step != SQLITE_DONE) code = step;
    } else {
      code = sqlite3_errcode(target);
    }
  }
  if (code != SQLITE_OK) {
    std::fprintf(stderr, "cannot copy the database %s: %s\n", from.filename().c_str(), sqlite3_errstr(code));
  }
  sqlite3_close(target);
  sqlite3_close(source);
  return code == SQLITE_OK;
}

bool CopyFolder(const fs::path& from, const fs::path& to, bool top) {
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const fs::path target = to / it->path().filename();
    const fs::file_status status = it->symlink_status(error);
    if (error) break;
    if (status.type() == fs::file_type::directory) {
      if (top && it->path().filename() == "bucket") continue;
      fs::create_directory(target, error);
      if (error || !CopyFolder(it->path(), target, false)) break;
    } else if (status.type() == fs::file_type::symlink) {
      fs::copy_symlink(it->path(), target, error);
    } else if (status.type() == fs::file_type::regular) {
      if (BelongsToDatabase(it->path())) continue;
      if (IsDatabase(it->path())) {
        if (!BackUp(it->path(), target)) return false;
      } else {
        fs::copy_file(it->path(), target, error);
        if (error == std::errc::no_such_file_or_directory) error.clear();  // a temporary file of the app, gone again
      }
    }
    if (error) break;
  }
  if (error) std::fprintf(stderr, "cannot copy the data: %s\n", error.message().c_str());
  return !error;
}

}  // namespace

int CopyDataMain(int argc, char** argv) {
  if (argc != 5) return 2;
  return CopyFolder(argv[3], argv[4], true) ? 0 : 1;
}

}  // namespace perch::local
