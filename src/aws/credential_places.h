#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/shared_config.h"
#include "aws/surroundings.h"

namespace perch::aws {

/// A search for credentials: what it may use, and for people where it has looked.
struct CredentialSearch {
  const Surroundings& surroundings;
  const SharedConfig& config;
  const Endpoints& endpoints;
  std::string region;
  std::stop_token stop;
  std::vector<std::string> looked;  ///< "the environment (AWS_ACCESS_KEY_ID is not set)"
};

/// Credentials; nullopt if this place has none; an error if it has some that are incomplete or cannot be fetched: then
/// nobody looks further, since the user meant this one.
using Found = Result<std::optional<Credentials>>;

Found FromEnvironment(CredentialSearch& search);
Found FromCredentialsFile(CredentialSearch& search, const std::string& profile);
Found FromConfigFile(CredentialSearch& search, const std::string& profile);
Found FromProcess(CredentialSearch& search, const std::string& profile);
Found FromSingleSignOn(CredentialSearch& search, const std::string& profile);
Found FromRole(CredentialSearch& search, const std::string& profile);
/// `use_environment`: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN count, before the profile's keys.
Found FromWebIdentity(CredentialSearch& search, const std::string& profile, bool use_environment);
Found FromContainer(CredentialSearch& search);
Found FromInstanceMetadata(CredentialSearch& search);

/// The places that belong to a profile, in order.
Found FromProfile(CredentialSearch& search, const std::string& profile, bool use_environment);

/// The JSON that containers, instance metadata and `credential_process` hand out: AccessKeyId, SecretAccessKey,
/// `token_key`, Expiration. Errors say what is missing, never a value.
Result<Credentials> ParseCredentialsJson(const std::string& json, const char* token_key, const std::string& source);

/// Words of a command line as a POSIX shell splits them: spaces, '…', "…" and backslashes; nothing is expanded.
/// nullopt for an unterminated quote.
std::optional<std::vector<std::string>> SplitWords(std::string_view text);

}  // namespace perch::aws
