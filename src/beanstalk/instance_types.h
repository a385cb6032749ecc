#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "beanstalk/settings.h"

namespace perch::beanstalk {

/// What is wrong with an EC2 instance type ("t3.micro") or a class for PostgreSQL on RDS ("db.t4g.micro"), and the way
/// out; nullopt when nothing is. Families are those of the registry schemas of November 2026; sizes are checked by
/// their shape.
struct TypeProblem {
  std::string why;   ///< "`t33` is no family of instances"
  std::string hint;  ///< a sentence
};
std::optional<TypeProblem> CheckInstanceType(std::string_view type);
std::optional<TypeProblem> CheckDatabaseClass(std::string_view type);

/// What processors a well-formed instance type has: families with a `g` after their generation (t4g, c7gn), and a1, are
/// arm64 (EC2 user guide, "Amazon EC2 instance type naming conventions").
Architecture ArchitectureOf(std::string_view instance_type);

}  // namespace perch::beanstalk
