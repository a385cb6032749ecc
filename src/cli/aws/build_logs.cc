#include "cli/aws/build_logs.h"

#include <algorithm>
#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "model/environment.h"
#include "model/names.h"

namespace perch::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 16 << 20;
constexpr std::uint64_t kKeptAttempts = 5;

std::string NameOf(std::uint64_t generation, Stage stage) {
  return std::to_string(generation) + "." + std::string(StageName(stage)) + ".log";
}

/// The newest attempt with a log of that stage; 0: none.
std::uint64_t Newest(const fs::path& folder, Stage stage) {
  std::uint64_t newest = 0;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    const std::uint64_t generation = ParseNumber(name.substr(0, name.find('.'))).value_or(0);
    if (name == NameOf(generation, stage)) newest = std::max(newest, generation);
  }
  return newest;
}

}  // namespace

fs::path BuildLogs::FolderOf(const std::string& branch) const { return folder_ / SlugFor(branch); }

void BuildLogs::ForgetOld(const fs::path& folder, std::uint64_t generation) const {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    const std::uint64_t of = ParseNumber(name.substr(0, name.find('.'))).value_or(generation);
    if (of + kKeptAttempts <= generation) fs::remove(entry.path(), ignored);
  }
}

void BuildLogs::Add(const std::string& branch, std::uint64_t generation, Stage stage, std::string_view text) {
  const std::lock_guard lock(mutex_);
  const fs::path folder = FolderOf(branch);
  const fs::path file = folder / NameOf(generation, stage);
  std::error_code none;
  const std::uint64_t size = fs::file_size(file, none);
  if (none) {
    if (!MakeFolders(folder, 0700)) return;
    ForgetOld(folder, generation);
  } else if (size + text.size() > kMostBytes) {
    return;
  }
  std::ofstream(file, std::ios::app | std::ios::binary) << text;
}

Result<engine::LogPiece> BuildLogs::Read(const std::string& branch, std::uint64_t generation, Stage stage,
                                         std::uint64_t from, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const fs::path folder = FolderOf(branch);
  if (generation == 0) generation = Newest(folder, stage);
  std::ifstream file(folder / NameOf(generation, stage), std::ios::binary);
  engine::LogPiece piece{.next = from, .ended = true};
  if (!file || !file.seekg(std::streamoff(from))) return piece;
  piece.text.resize(limit);
  file.read(piece.text.data(), std::streamsize(limit));
  piece.text.resize(std::size_t(file.gcount()));
  piece.next = from + piece.text.size();
  piece.ended = piece.text.size() < limit;
  return piece;
}

}  // namespace perch::cli
