#pragma once

#include "base/value.h"
#include "beanstalk/settings.h"

/// The least that AWS must allow whoever runs perch. Names are narrowed to the app's where AWS allows it; where an
/// action takes no resource, or a listing has to see all, it says "*". Resources of an account that perch.yaml does not
/// name have "*" in its place. Both are proven least by tests/bootstrap/policies.py.
namespace perch::beanstalk {

/// For `up`, `status` and `down`, in CI or from a laptop: what CloudFormation makes it makes with its own role.
Value DeployPolicy(const AwsSettings& settings);

/// For `perch sweep` and `perch doctor --leaks`.
Value SweepPolicy(const AwsSettings& settings);

}  // namespace perch::beanstalk
