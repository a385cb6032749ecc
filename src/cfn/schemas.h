#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace perch::cfn {

struct ResourceSchema;  // cfn/resource_schema.h

/// What is known about resource types: those that perch generates itself (always, from src/cfn/known_types.json), and
/// others from a folder of the CloudFormation registry's schemas, if there is one. Thread-safe; each is read when first
/// asked for.
class Schemas {
 public:
  /// perch's own types only.
  Schemas();
  /// And those of a folder: files as AWS publishes them (`aws-sqs-queue.json` for AWS::SQS::Queue), or cfn-lint's
  /// `data/schemas` (whose providers/<region>.py is the index). A folder that is neither is an error (kUsage).
  static Result<Schemas> WithFolder(const std::filesystem::path& folder, const std::string& region);
  ~Schemas();
  Schemas(Schemas&&) noexcept;
  Schemas& operator=(Schemas&&) noexcept;

  /// nullptr when nothing is known about the type.
  const ResourceSchema* Find(std::string_view type) const;

  /// Whether there is such a type, though its schema may be unreadable (then Find has nothing).
  bool Exists(std::string_view type) const;

  /// Whether a folder's schemas are there: then a type that is in neither does not exist.
  bool complete() const;
  /// All type names that are known, for "did you mean".
  std::vector<std::string> Types() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perch::cfn
