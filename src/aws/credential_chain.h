#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/shared_config.h"
#include "aws/surroundings.h"

namespace perch::aws {

/// The usual places, in botocore's order: environment, role of the profile, web identity, single sign-on (which is an
/// error that says what to do), credentials file, `credential_process`, config file, container, instance metadata; a
/// profile named in `surroundings.profile` skips the environment. Fetched at the first Get, kept, and fetched anew five
/// minutes before they end. `region` is for STS.
std::shared_ptr<CredentialsSource> FindCredentials(Surroundings surroundings, SharedConfig config, Endpoints endpoints,
                                                   std::string region);

}  // namespace perch::aws
