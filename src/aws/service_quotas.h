#pragma once

#include <string>

#include "aws/client.h"

namespace perch::aws {

/// AWS Service Quotas: what an account may have in a region.
class ServiceQuotas {
 public:
  explicit ServiceQuotas(Client client) : client_(std::move(client)) {}

  /// The quota that applies: `service` as "ec2", `code` as "L-1216C47A". kNotFound where nobody keeps one.
  Answer<double> GetServiceQuota(const std::string& service, const std::string& code) const;

 private:
  Client client_;
};

}  // namespace perch::aws
