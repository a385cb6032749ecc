#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/environment.h"

namespace perch::demo {

/// A branch of the sample repository, and what becomes of it.
struct DemoBranch {
  std::string name;
  std::string about;  ///< one line for people
  State expected;     ///< kReady, kFailed or kSkipped
};

/// Something for a person to try, as shell lines to run in the work tree.
struct DemoRecipe {
  std::string title;    ///< "Push a change"
  std::string command;  ///< one line for a POSIX shell
  std::string expect;   ///< what will be seen, one sentence
};

struct DemoRepository {
  std::filesystem::path bare;       ///< what perch serves, and where pushes go: `<folder>/shop.git`
  std::filesystem::path work_tree;  ///< a clone to work in: `<folder>/shop`
  std::vector<DemoBranch> branches;
  std::string enter;  ///< "cd '<work_tree>'", safe for a shell
  std::vector<DemoRecipe> recipes;
};

/// Writes the sample repository into `folder`, which is made if absent; kUsage if one is there already. The same `time`
/// gives the same commits on every machine: no configuration of the user's counts. Needs git; takes about a quarter of
/// a second.
Result<DemoRepository> MakeDemoRepository(const std::filesystem::path& folder, Time time);

/// The sample repository that MakeDemoRepository wrote into `folder` earlier; kNotFound if there is none.
Result<DemoRepository> FindDemoRepository(const std::filesystem::path& folder);

}  // namespace perch::demo
