#pragma once

#include <functional>
#include <string>

#include "aws/client.h"
#include "base/error.h"
#include "beanstalk/stack_change.h"
#include "beanstalk/sweep_contents.h"

namespace perch::beanstalk {

/// A StackChanger::Hooks::before_delete that empties the buckets that go with the stack. What the template's policies
/// keep is kept.
std::function<Status(const aws::Stack&)> EmptyingBuckets(const aws::Client& client, TemplateReader read_template,
                                                         std::function<void(const std::string&)> on_note);

}  // namespace perch::beanstalk
