#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace perch {

/// A branch as the git host tells it. `name` is whatever bytes git allows in refs/heads/ and is hostile.
struct Branch {
  std::string name;     ///< "feature/cart", without refs/heads/
  std::string commit;   ///< the head's full hash, 40 or 64 hexadecimal digits
  std::string tree;     ///< the hash of the commit's tree; equal trees need one build
  std::string subject;  ///< first line of the commit's message
  std::string author;   ///< the commit's author's name
  Time committed_at;    ///< the commit's committer date
};

/// One complete look at the git host. An incomplete one is an Error, never a shorter list.
struct BranchList {
  std::vector<Branch> branches;  ///< sorted by name
  std::string default_branch;    ///< what HEAD points at; "" if it points nowhere
};

}  // namespace perch
