#pragma once

#include <string>

#include "aws/client.h"

namespace perch::aws {

struct CallerIdentity {
  std::string account;  ///< twelve digits
  std::string arn, user_id;
};

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;  ///< 2-64 of letters, digits, _ = , . @ -
  std::string external_id;
  int duration_seconds = 0;   ///< 900 to the role's maximum; 0: AWS's default of an hour
  Secret web_identity_token;  ///< for AssumeRoleWithWebIdentity only
};

/// AWS Security Token Service.
class Sts {
 public:
  explicit Sts(Client client) : client_(std::move(client)) {}

  Answer<CallerIdentity> GetCallerIdentity() const;
  Answer<Credentials> AssumeRole(const AssumeRoleRequest& request) const;
  /// Unsigned: the token is the proof.
  Answer<Credentials> AssumeRoleWithWebIdentity(const AssumeRoleRequest& request) const;

 private:
  Answer<Credentials> Assume(const std::string& operation, const AssumeRoleRequest& request, bool sign) const;
  Client client_;
};

}  // namespace perch::aws
