#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/environment.h"

namespace perch {

/// What never changes about an environment. It is all that a stack's tags hold, since CloudFormation copies them to
/// every resource, and a changed tag would touch each of them.
struct Identity {
  std::string app;
  std::string branch;
  std::string profile;
  std::string owner = std::string(kOwnerMark);

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Key and value.
using Tag = std::pair<std::string, std::string>;

/// The tags `perch:app`, `perch:branch`, `perch:owner` and `perch:profile`, sorted by key, encoded for the strictest of
/// the services that they reach (Elastic Beanstalk: keys to 127, values of 1 to 255, letters, digits, spaces and
/// _ . : / = + - @). Every other byte is "=XX" (upper-case hexadecimal); so are '=' and ':' themselves (no value may
/// begin with "aws:") and a space at either end. A branch that needs more goes on in `perch:branch.2` to
/// `perch:branch.10`; each part but the last then ends in a bare '=', so that none can be missing unseen. An error
/// (kRefused) when something is empty or does not fit.
Result<std::vector<Tag>> TagsFor(const Identity& identity);

/// The inverse of TagsFor. Other tags do not matter; the order neither. nullopt when none of perch's identity tags is
/// there. What TagsFor cannot have made (a part missing, doubled, forged, written in another way, another owner) is an
/// error (kRefused), never a shorter name.
Result<std::optional<Identity>> IdentityFrom(const std::vector<Tag>& tags);

}  // namespace perch
