#pragma once

#include <optional>
#include <string>
#include <vector>

namespace perch::plan {

/// What the operator decided about branches as such.
struct Policy {
  std::string app;
  std::vector<std::string> skip = {"*-no-infra"};  ///< globs: no environment; an existing one is deleted
  std::vector<std::string> protect;                ///< globs: never deleted
  int max_environments = 0;                        ///< more are held; 0: no limit
  /// Raises the limit of deletions in one listing for once; nullopt: max(3, min(10, half of the unprotected
  /// environments)).
  std::optional<int> max_deletes;
};

}  // namespace perch::plan
