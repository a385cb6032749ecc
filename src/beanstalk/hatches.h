#pragma once

#include <vector>

#include "base/value.h"
#include "beanstalk/facts.h"
#include "beanstalk/settings.h"

/// What teams add to perch's template, or put in its place.
namespace perch::beanstalk {

/// Adds `resources` and `outputs` of perch.yaml to a generated template, and merges `override` into it: keys are
/// resources, or paths ("Database.Properties.BackupRetentionPeriod"); maps are merged, all else replaces. A list of
/// option settings may be given as namespace → option → value. What collides, or names what is not there, is a problem.
void ApplyHatches(Value& document, const AwsSettings& settings, std::vector<Problem>& problems);

/// A team's own template: perch's outputs that are not there yet are added, and its metadata. It must have the output
/// Url; what it may ask for are parameters named as perch's facts (docs/templates.md).
void CompleteOwnTemplate(Value& document, const AwsSettings& settings, const Facts& facts,
                         std::vector<Problem>& problems);

}  // namespace perch::beanstalk
