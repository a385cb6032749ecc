#pragma once

#include "cfn/template.h"

namespace perch::cfn {

/// A tag of one resource. What the whole stack carries is given with the stack, not here.
struct Tag {
  Text key, value;
  Value Properties() const { return cfn::Properties().Add("Key", key).Add("Value", value); }
};

}  // namespace perch::cfn
