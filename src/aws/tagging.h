#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct TaggedResource {
  std::string arn;
  std::map<std::string, std::string> tags;
};

/// The Resource Groups Tagging API: everything of a region with a tag, also for some time after it has been deleted.
class Tagging {
 public:
  explicit Tagging(Client client) : client_(std::move(client)) {}

  /// Resources that have each of these tags; an empty value means any.
  Pages<TaggedResource> GetResources(const std::map<std::string, std::string>& tags) const;

 private:
  Client client_;
};

struct Certificate {
  std::string arn, domain;
  std::vector<std::string> names;  ///< subject alternative names
  std::string status;              ///< ISSUED, PENDING_VALIDATION, EXPIRED…
  std::optional<Time> not_after;
};

/// AWS Certificate Manager.
class Acm {
 public:
  explicit Acm(Client client) : client_(std::move(client)) {}
  Answer<Certificate> DescribeCertificate(const std::string& arn) const;

 private:
  Client client_;
};

}  // namespace perch::aws
