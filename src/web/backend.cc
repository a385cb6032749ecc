#include "web/backend.h"

namespace perch::web {
namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kLongestTail = 64 << 10;

// Where the last `lines` lines of `text` begin.
std::size_t StartOfLastLines(const std::string& text, std::size_t lines) {
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  for (std::size_t i = 0; i < lines; ++i) {
    if (at == 0) return 0;
    const std::size_t end = text.rfind('\n', at - 1);
    if (end == std::string::npos) return 0;
    at = end;
  }
  return at + 1;
}

}  // namespace

std::string LogTail(Backend& backend, const std::string& branch, std::uint64_t generation, Stage stage,
                    std::size_t lines) {
  std::string tail;
  std::uint64_t from = 0;
  while (true) {
    const Result<engine::LogPiece> piece = backend.ReadLog(branch, generation, stage, from, kPiece);
    if (!piece || piece->text.empty()) break;
    tail += piece->text;
    tail.erase(0, StartOfLastLines(tail, lines));
    if (tail.size() > kLongestTail) tail.erase(0, tail.size() - kLongestTail);
    if (piece->next <= from) break;
    from = piece->next;
  }
  return tail;
}

}  // namespace perch::web
