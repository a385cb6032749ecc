#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "engine/ports.h"

namespace perch::local {

/// Writes one log that never grows beyond a limit: segments `<name>.<offset>.log`, the oldest deleted first. Secrets
/// are masked, also when they arrive in pieces. A full disk loses lines, never stops the writer. Not thread-safe.
class LogWriter {
 public:
  /// `folder` exists. Goes on at the end of an existing log. `limit` is in bytes.
  LogWriter(std::filesystem::path folder, std::string name, std::int64_t limit,
            std::shared_ptr<const Redactor> redactor);
  ~LogWriter();

  void Write(std::string_view piece);
  /// What was held back as the possible beginning of a secret goes out now.
  void Flush();
  /// A line of perch's own, "perch: text".
  void Note(std::string_view text);
  /// The last whole line that was written and has more than white space; "" if none.
  const std::string& last_line() const { return last_line_; }

 private:
  void Append(std::string_view shown);
  void OpenSegment();

  const std::filesystem::path folder_;
  const std::string name_;
  const std::int64_t segment_limit_;
  StreamMask mask_;
  UniqueFd fd_;
  std::uint64_t end_ = 0;  // offset behind the last byte
  std::int64_t segment_size_ = 0;
  std::vector<std::uint64_t> segments_;
  bool at_line_start_ = true;
  std::string line_, last_line_;
};

/// Reads a piece of a log that LogWriter writes, maybe at this moment. `ended` is left false. A log that is not there
/// is empty. `from` below the oldest kept offset reads from there on.
Result<engine::LogPiece> ReadLogPiece(const std::filesystem::path& folder, const std::string& name, std::uint64_t from,
                                      std::size_t limit);

/// The last non-empty lines of a log, at most `count`.
std::vector<std::string> LastLines(const std::filesystem::path& folder, const std::string& name, std::size_t count);

}  // namespace perch::local
