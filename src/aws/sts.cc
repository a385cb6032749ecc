#include "aws/sts.h"

#include "aws/query.h"
#include "aws/times.h"

namespace perch::aws {

Answer<CallerIdentity> Sts::GetCallerIdentity() const {
  CallerIdentity identity;
  Answer<void> done =
      CallQuery(client_, Service::kSts, "GetCallerIdentity", {}, [&](pugi::xml_node result) -> Answer<void> {
        identity = {
            .account = TextOf(result, "Account"), .arn = TextOf(result, "Arn"), .user_id = TextOf(result, "UserId")};
        if (identity.account.empty()) return Unreadable("it has no <Account>");
        return {};
      });
  if (!done) return Failed(done.error());
  return identity;
}

Answer<Credentials> Sts::AssumeRole(const AssumeRoleRequest& request) const {
  return Assume("AssumeRole", request, true);
}

Answer<Credentials> Sts::AssumeRoleWithWebIdentity(const AssumeRoleRequest& request) const {
  return Assume("AssumeRoleWithWebIdentity", request, false);
}

Answer<Credentials> Sts::Assume(const std::string& operation, const AssumeRoleRequest& request, bool sign) const {
  QueryParameters parameters;
  parameters.Add("RoleArn", request.role_arn).Add("RoleSessionName", request.session_name);
  if (sign) parameters.AddIf("ExternalId", request.external_id);
  if (request.duration_seconds > 0) parameters.Add("DurationSeconds", std::to_string(request.duration_seconds));
  if (!sign) parameters.Add("WebIdentityToken", request.web_identity_token.Reveal());
  Credentials credentials;
  const auto read = [&](pugi::xml_node result) -> Answer<void> {
    const pugi::xml_node node = result.child("Credentials");
    credentials = {.access_key_id = TextOf(node, "AccessKeyId"),
                   .secret_access_key = Secret(TextOf(node, "SecretAccessKey")),
                   .session_token = Secret(TextOf(node, "SessionToken")),
                   .expires = ParseAwsTime(TextOf(node, "Expiration")),
                   .source = "role " + request.role_arn};
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !credentials.expires) {
      return Unreadable("it has no whole <Credentials>");
    }
    return {};
  };
  Answer<void> done = CallQuery(client_, Service::kSts, operation, parameters, read, sign);
  if (!done) return Failed(done.error());
  return credentials;
}

}  // namespace perch::aws
