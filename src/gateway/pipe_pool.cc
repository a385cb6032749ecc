#include "gateway/pipe_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace perch::gateway {
namespace {

constexpr std::size_t kMostKept = 64;
constexpr int kPipeBytes = 256 << 10;

}  // namespace

std::optional<Pipe> PipePool::Take() {
  if (!pipes_.empty()) {
    Pipe pipe = std::move(pipes_.back());
    pipes_.pop_back();
    return pipe;
  }
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) return std::nullopt;
  (void)::fcntl(fds[1], F_SETPIPE_SZ, kPipeBytes);  // refused to ordinary users with many pipes: then it stays small
  return Pipe{.read = UniqueFd(fds[0]), .write = UniqueFd(fds[1])};
}

void PipePool::Put(Pipe pipe) {
  if (pipes_.size() < kMostKept) pipes_.push_back(std::move(pipe));
}

}  // namespace perch::gateway
