#pragma once

#include <string>

#include "base/value.h"
#include "config/schema.h"

namespace perch::config {

/// Marks a value and all in it as set by `from`.
void Stamp(Value& value, const std::string& from);

/// `over` on top of `base`: maps are merged key by key, anything else replaces, null takes away. A key of `over` that
/// excludes others (`dockerfile` instead of `command`) takes those of `base` away. Both were checked against `field`.
Value Merge(const Value& base, const Value& over, const Field& field);

/// Which defaults count.
struct Defaults {
  std::string perchs;  ///< the profile, one of kBuiltInProfiles, whose defaults perch brings; "" for none
  bool aws = true;     ///< false: keys that only count on AWS are left out, whoever set them
};

/// Brings the keys of `map` into the schema's order and adds the missing defaults, marked "default" or "perch's
/// production". Keys whose default is told in words (`repository`), or which a written one excludes, stay missing.
Value WithDefaults(const Value& map, const Field& field, const Defaults& defaults = {});

/// What of `value` differs from `base`; a map holds only the entries that do. Null when nothing does; an entry that is
/// null in `value` but not in `base` is kept.
Value Difference(const Value& base, const Value& value);

/// Whether two values mean the same, whatever their places.
bool Same(const Value& a, const Value& b);

}  // namespace perch::config
