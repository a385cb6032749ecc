#pragma once

#include <map>
#include <optional>
#include <string>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct DatabaseSnapshot {
  std::string id, arn, instance, status;
  std::string type;  ///< manual, automated…
  std::optional<Time> created;
  std::uint64_t gibibytes = 0;
  std::map<std::string, std::string> tags;
};

struct DatabaseInstance {
  std::string id, arn, status, instance_class, engine, endpoint;
  bool deletion_protection = false;
  std::map<std::string, std::string> tags;
};

/// Amazon RDS.
class Rds {
 public:
  explicit Rds(Client client) : client_(std::move(client)) {}

  /// Snapshots of one instance or ("") of all; `type` "manual", "automated" or ("") both.
  Pages<DatabaseSnapshot> DescribeDBSnapshots(const std::string& instance = "",
                                              const std::string& type = "manual") const;
  /// One instance (a missing one is kNotFound) or ("") all.
  Pages<DatabaseInstance> DescribeDBInstances(const std::string& instance = "") const;
  Answer<void> DeleteDBSnapshot(const std::string& snapshot) const;

 private:
  Client client_;
};

}  // namespace perch::aws
