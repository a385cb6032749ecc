#include "aws/credential_places.h"
#include "base/text.h"

namespace perch::aws {
namespace {

std::unexpected<Error> Partial(const std::string& where, const std::string& missing) {
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot use the AWS credentials",
               .where = where,
               .why = "there is an access key id without " + missing});
}

Found FromSection(CredentialSearch& search, const std::map<std::string, ConfigSection>& sections,
                  const std::string& profile, const std::string& file, bool there) {
  const std::string place = file + " (profile '" + Printable(profile) + "')";
  const auto section = sections.find(profile);
  const auto value = [&](const char* key) -> std::string {
    if (section == sections.end()) return "";
    const auto at = section->second.find(key);
    return at == section->second.end() ? "" : at->second;
  };
  const std::string id = value("aws_access_key_id");
  if (id.empty()) {
    search.looked.push_back(place + (!there                      ? ": no such file"
                                     : section == sections.end() ? ": no such profile"
                                                                 : ": no key"));
    return std::nullopt;
  }
  const std::string secret = value("aws_secret_access_key");
  if (secret.empty()) return Partial(place, "aws_secret_access_key");
  std::string token = value("aws_security_token");
  if (token.empty()) token = value("aws_session_token");
  return Credentials{.access_key_id = id,
                     .secret_access_key = Secret(secret),
                     .session_token = Secret(token),
                     .source = "profile '" + profile + "' in " + file};
}

}  // namespace

Found FromEnvironment(CredentialSearch& search) {
  const Surroundings& surroundings = search.surroundings;
  const std::optional<std::string> id = surroundings.Variable("AWS_ACCESS_KEY_ID");
  if (!id) {
    search.looked.emplace_back("the environment: AWS_ACCESS_KEY_ID is not set");
    return std::nullopt;
  }
  const std::optional<std::string> secret = surroundings.Variable("AWS_SECRET_ACCESS_KEY");
  if (!secret) return Partial("the environment", "AWS_SECRET_ACCESS_KEY");
  std::optional<std::string> token = surroundings.Variable("AWS_SESSION_TOKEN");
  if (!token) token = surroundings.Variable("AWS_SECURITY_TOKEN");
  return Credentials{.access_key_id = *id,
                     .secret_access_key = Secret(*secret),
                     .session_token = Secret(token.value_or("")),
                     .source = "the environment"};
}

Found FromCredentialsFile(CredentialSearch& search, const std::string& profile) {
  return FromSection(search, search.config.credential_profiles, profile, search.config.credentials_file,
                     search.config.has_credentials);
}

Found FromConfigFile(CredentialSearch& search, const std::string& profile) {
  return FromSection(search, search.config.profiles, profile, search.config.config_file, search.config.has_config);
}

Found FromSingleSignOn(CredentialSearch& search, const std::string& profile) {
  for (const char* key : {"sso_account_id", "sso_role_name", "login_session"}) {
    if (!search.config.Find(profile, key)) continue;
    return Fail(
        {.kind = ErrorKind::kUsage,
         .what = "cannot use the AWS profile '" + Printable(profile) + "'",
         .where = search.config.config_file,
         .why = std::string("it signs in by browser (") + key + "), which perch does not do itself",
         .hint = "Run `aws sso login --profile " + Printable(profile) +
                 "`, and then perch with the keys it gets: eval \"$(aws configure export-credentials --profile " +
                 Printable(profile) + " --format env)\"; or set credential_process in another profile to `aws " +
                 "configure export-credentials --profile " + Printable(profile) + "`."});
  }
  return std::nullopt;
}

Found FromProfile(CredentialSearch& search, const std::string& profile, bool use_environment) {
  Found found = FromWebIdentity(search, profile, use_environment);
  if (!found || *found) return found;
  found = FromSingleSignOn(search, profile);
  if (!found || *found) return found;
  found = FromCredentialsFile(search, profile);
  if (!found || *found) return found;
  found = FromProcess(search, profile);
  if (!found || *found) return found;
  return FromConfigFile(search, profile);
}

}  // namespace perch::aws
