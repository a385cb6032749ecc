#pragma once

#include "aws/cloudformation.h"
#include "base/error.h"
#include "model/tags.h"

namespace perch::beanstalk {

/// An environment's identity as the tags of its stack (model/tags.h); errors as TagsFor.
Result<aws::TextMap> IdentityTags(const Identity& identity);

/// kRefused unless a stack's tags name the same app, branch and owner as those asked for, tag by tag (model/tags.h
/// writes a name in one way only); the profile may differ. Both may name none.
Status SameIdentity(const aws::Stack& stack, const aws::TextMap& tags);

/// Whether tags carry perch's owner mark.
bool HasOwner(const aws::TextMap& tags);

}  // namespace perch::beanstalk
