#include <algorithm>

#include "aws/client.h"
#include "aws/credential_places.h"
#include "aws/sts.h"
#include "base/text.h"

namespace perch::aws {
namespace {

std::unexpected<Error> Bad(const CredentialSearch& search, const std::string& profile, std::string why,
                           std::string hint = "") {
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot use the AWS profile '" + Printable(profile) + "'",
               .where = search.config.config_file,
               .why = std::move(why),
               .hint = std::move(hint)});
}

Sts StsFor(const CredentialSearch& search, std::optional<Credentials> source) {
  Client::Options options{.transport = search.surroundings.transport,
                          .region = search.region.empty() ? "us-east-1" : search.region,
                          .endpoints = search.endpoints,
                          .clock = search.surroundings.clock};
  if (search.surroundings.sleep) options.sleep = search.surroundings.sleep;
  if (source) options.credentials = FixedCredentials(std::move(*source));
  return Sts(Client(std::move(options)).With(search.stop));
}

Found FromAnswer(Answer<Credentials> credentials, const std::string& source) {
  if (!credentials) return Fail(Error(credentials.error()));
  credentials->source = source;
  return std::move(*credentials);
}

bool IsStatic(const SharedConfig& config, const std::string& profile) {
  return config.Find(profile, "aws_access_key_id") || config.Find(profile, "aws_secret_access_key");
}

bool HasRole(const SharedConfig& config, const std::string& profile) {
  return config.Find(profile, "role_arn") && !config.Find(profile, "web_identity_token_file");
}

Found FromNamedSource(CredentialSearch& search, const std::string& profile, const std::string& source) {
  const std::string name = ToLower(source);
  Found found = std::nullopt;
  if (name == "environment")
    found = FromEnvironment(search);
  else if (name == "ecscontainer")
    found = FromContainer(search);
  else if (name == "ec2instancemetadata")
    found = FromInstanceMetadata(search);
  else
    return Bad(search, profile, "credential_source '" + Printable(source) + "' is not known",
               "Use Environment, EcsContainer or Ec2InstanceMetadata.");
  if (found && !*found)
    return Bad(search, profile, "its credential_source " + Printable(source) + " has no credentials");
  return found;
}

Found Assume(CredentialSearch& search, const std::string& profile, std::vector<std::string>& visited);

/// The credentials that a role is assumed with.
Found FromSource(CredentialSearch& search, const std::string& profile, std::vector<std::string>& visited) {
  const SharedConfig& config = search.config;
  const std::optional<std::string> named = config.Find(profile, "credential_source");
  const std::optional<std::string> source = config.Find(profile, "source_profile");
  if (named && source) return Bad(search, profile, "it has both source_profile and credential_source");
  if (!named && !source)
    return Bad(search, profile, "it has a role_arn, and neither source_profile nor credential_source");
  if (named) return FromNamedSource(search, profile, *named);

  if (!config.HasProfile(*source))
    return Bad(search, profile, "its source_profile '" + Printable(*source) + "' does not exist");
  const bool seen = std::find(visited.begin(), visited.end(), *source) != visited.end();
  // A profile may name itself, to have its own keys beside the role.
  if (seen && (*source != profile || !IsStatic(config, *source))) {
    return Bad(
        search, profile,
        "its source_profile goes round in a circle: " + Printable(Join(visited, " -> ")) + " -> " + Printable(*source));
  }
  visited.push_back(*source);
  if (!IsStatic(config, *source) && HasRole(config, *source)) return Assume(search, *source, visited);
  Found found = FromProfile(search, *source, false);
  if (found && !*found)
    return Bad(search, *source, "it has no credentials, and profile '" + Printable(profile) + "' needs them");
  return found;
}

Found Assume(CredentialSearch& search, const std::string& profile, std::vector<std::string>& visited) {
  const SharedConfig& config = search.config;
  if (config.Find(profile, "mfa_serial")) {
    return Bad(search, profile, "it wants a code of a device (mfa_serial), which perch cannot ask for",
               "Get session credentials first: eval \"$(aws configure export-credentials --profile " +
                   Printable(profile) + " --format env)\"");
  }
  Found source = FromSource(search, profile, visited);
  if (!source || !*source) return source;
  AssumeRoleRequest request{.role_arn = *config.Find(profile, "role_arn"),
                            .session_name = config.Find(profile, "role_session_name").value_or("perch"),
                            .external_id = config.Find(profile, "external_id").value_or("")};
  if (std::optional<std::string> seconds = config.Find(profile, "duration_seconds")) {
    request.duration_seconds = int(std::min<std::uint64_t>(ParseNumber(*seconds).value_or(0), 43200));
  }
  const std::string name =
      "role " + request.role_arn + " by profile '" + profile + "', assumed with " + (*source)->source;
  return FromAnswer(StsFor(search, std::move(**source)).AssumeRole(request), name);
}

}  // namespace

Found FromRole(CredentialSearch& search, const std::string& profile) {
  if (!HasRole(search.config, profile)) return std::nullopt;
  std::vector<std::string> visited = {profile};
  return Assume(search, profile, visited);
}

Found FromWebIdentity(CredentialSearch& search, const std::string& profile, bool use_environment) {
  const auto value = [&](const std::string& variable, const std::string& key) {
    std::optional<std::string> found = use_environment ? search.surroundings.Variable(variable) : std::nullopt;
    return found ? found : search.config.Find(profile, key);
  };
  const std::optional<std::string> file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (!file) {
    if (use_environment) search.looked.emplace_back("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    return std::nullopt;
  }
  const std::optional<std::string> role = value("AWS_ROLE_ARN", "role_arn");
  if (!role) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use the web identity",
                 .where = *file,
                 .why = "there is a token file and no role",
                 .hint = "Set AWS_ROLE_ARN, or role_arn in the profile."});
  }
  Result<std::string> token = search.surroundings.read_file(search.surroundings.Expand(*file));
  if (!token) return Fail(token.error(), "reading the web identity's token");
  return FromAnswer(StsFor(search, std::nullopt)
                        .AssumeRoleWithWebIdentity(
                            {.role_arn = *role,
                             .session_name = value("AWS_ROLE_SESSION_NAME", "role_session_name").value_or("perch"),
                             .web_identity_token = Secret(std::string(Trim(*token)))}),
                    "role " + *role + " by web identity");
}

}  // namespace perch::aws
