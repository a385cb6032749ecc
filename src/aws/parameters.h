#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct Parameter {
  std::string name, type;
  Secret value;
};

struct StoredSecret {
  std::string arn, name;
  std::map<std::string, std::string> tags;
  bool deleting = false;  ///< its recovery window runs
};

/// AWS Systems Manager's parameter store.
class Ssm {
 public:
  explicit Ssm(Client client) : client_(std::move(client)) {}

  /// As a SecureString, over an older one.
  Answer<void> PutParameter(const std::string& name, const Secret& value) const;
  /// Ten a call are sent. Names that are not there are no error.
  Answer<void> DeleteParameters(const std::vector<std::string>& names) const;
  /// All below `path` ("/perch/shop/"), decrypted.
  Pages<Parameter> GetParametersByPath(const std::string& path) const;

 private:
  Client client_;
};

/// AWS Secrets Manager; values are never read.
class SecretsManager {
 public:
  explicit SecretsManager(Client client) : client_(std::move(client)) {}

  Pages<StoredSecret> ListSecrets() const;
  Answer<StoredSecret> DescribeSecret(const std::string& id) const;
  /// At once and for good.
  Answer<void> DeleteSecret(const std::string& id) const;

 private:
  Client client_;
};

}  // namespace perch::aws
