#pragma once

#include <optional>
#include <vector>

#include "base/file.h"

namespace perch::gateway {

/// A pipe that bytes pass through on their way from one socket to another without leaving the kernel (splice(2)).
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

/// Empty pipes for reuse; one pool for each loop.
class PipePool {
 public:
  /// nullopt when the system gives none.
  std::optional<Pipe> Take();
  /// Only an empty pipe.
  void Put(Pipe pipe);

 private:
  std::vector<Pipe> pipes_;
};

}  // namespace perch::gateway
