#include "local/guest_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace perch::local {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 400;

fs::path SegmentPath(const fs::path& folder, const std::string& name, std::uint64_t offset) {
  return folder / (name + "." + std::to_string(offset) + ".log");
}

/// The offsets of a log's segments, sorted.
std::vector<std::uint64_t> Segments(const fs::path& folder, const std::string& name) {
  std::vector<std::uint64_t> offsets;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string file = it->path().filename().string();
    if (!file.starts_with(name + ".") || !file.ends_with(".log")) continue;
    const std::string_view middle = std::string_view(file).substr(name.size() + 1, file.size() - name.size() - 5);
    if (const auto offset = ParseNumber(middle)) offsets.push_back(*offset);
  }
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

std::uint64_t SizeOf(const fs::path& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 ? std::uint64_t(info.st_size) : 0;
}

}  // namespace

LogWriter::LogWriter(fs::path folder, std::string name, std::int64_t limit, std::shared_ptr<const Redactor> redactor)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      segment_limit_(std::max<std::int64_t>(limit / 2, 1024)),
      mask_(std::move(redactor)),
      segments_(Segments(folder_, name_)) {
  if (!segments_.empty()) {
    segment_size_ = std::int64_t(SizeOf(SegmentPath(folder_, name_, segments_.back())));
    end_ = segments_.back() + std::uint64_t(segment_size_);
    fd_ = UniqueFd(open(SegmentPath(folder_, name_, segments_.back()).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  }
  if (!fd_) OpenSegment();
}

LogWriter::~LogWriter() { Flush(); }

void LogWriter::OpenSegment() {
  fd_ = UniqueFd(
      open(SegmentPath(folder_, name_, end_).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  segment_size_ = 0;
  if (segments_.empty() || segments_.back() != end_) segments_.push_back(end_);
  while (segments_.size() > 2) {
    unlink(SegmentPath(folder_, name_, segments_.front()).c_str());
    segments_.erase(segments_.begin());
  }
}

void LogWriter::Write(std::string_view piece) { Append(mask_.Feed(piece)); }

void LogWriter::Flush() { Append(mask_.Finish()); }

void LogWriter::Note(std::string_view text) {
  Flush();
  Append((at_line_start_ ? "perch: " : "\nperch: ") + std::string(text) + "\n");
}

void LogWriter::Append(std::string_view shown) {
  if (shown.empty()) return;
  at_line_start_ = shown.back() == '\n';
  // Only the end of a big piece can matter for the last line.
  for (const char c : shown.substr(shown.size() - std::min(shown.size(), 2 * kLongestLine))) {
    if (c != '\n') {
      if (line_.size() < kLongestLine) line_ += c;
      continue;
    }
    if (!Trim(line_).empty() && !line_.starts_with("perch: ")) last_line_ = Trim(line_);
    line_.clear();
  }
  while (!shown.empty()) {
    if (segment_size_ >= segment_limit_ || !fd_) OpenSegment();
    if (!fd_) return;
    const std::size_t room = std::size_t(std::max<std::int64_t>(segment_limit_ - segment_size_, 1));
    const ssize_t written = write(fd_.get(), shown.data(), std::min(room, shown.size()));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    segment_size_ += written;
    end_ += std::uint64_t(written);
    shown.remove_prefix(std::size_t(written));
  }
}

Result<engine::LogPiece> ReadLogPiece(const fs::path& folder, const std::string& name, std::uint64_t from,
                                      std::size_t limit) {
  engine::LogPiece piece;
  const std::vector<std::uint64_t> segments = Segments(folder, name);
  piece.next = from;
  if (segments.empty()) return piece;
  piece.first = segments.front();
  piece.next = std::max(from, piece.first);
  for (std::size_t i = 0; i < segments.size() && piece.text.size() < limit; ++i) {
    if (i + 1 < segments.size() && piece.next >= segments[i + 1]) continue;
    const UniqueFd fd(open(SegmentPath(folder, name, segments[i]).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) continue;  // deleted by the writer meanwhile: its bytes are gone, the next segment goes on
    piece.next = std::max(piece.next, segments[i]);
    std::string buffer(limit - piece.text.size(), '\0');
    const ssize_t got = pread(fd.get(), buffer.data(), buffer.size(), off_t(piece.next - segments[i]));
    if (got < 0) return Fail({.what = "cannot read a log", .where = folder.string(), .why = ErrnoText(errno)});
    piece.text.append(buffer, 0, std::size_t(got));
    piece.next += std::uint64_t(got);
  }
  return piece;
}

std::vector<std::string> LastLines(const fs::path& folder, const std::string& name, std::size_t count) {
  std::vector<std::string> lines;
  const std::vector<std::uint64_t> segments = Segments(folder, name);
  if (segments.empty()) return lines;
  const std::uint64_t end = segments.back() + SizeOf(SegmentPath(folder, name, segments.back()));
  const auto piece = ReadLogPiece(folder, name, end - std::min<std::uint64_t>(end, 8192), 8192);
  if (!piece) return lines;
  for (std::string& line : Lines(piece->text)) {
    if (!Trim(line).empty()) lines.push_back(std::move(line));
  }
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - std::ptrdiff_t(count));
  return lines;
}

}  // namespace perch::local
