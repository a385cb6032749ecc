#include "beanstalk/stack_identity.h"

#include "base/text.h"
#include "model/environment.h"

namespace perch::beanstalk {
namespace {

aws::TextMap IdentityIn(const aws::TextMap& tags) {
  aws::TextMap identity;
  for (const auto& [key, value] : tags) {
    const bool is_part =
        key == "perch:app" || key == "perch:owner" || key == "perch:branch" || key.starts_with("perch:branch.");
    if (is_part) identity.emplace(key, value);
  }
  return identity;
}

std::string Text(const aws::TextMap& tags) {
  std::string text;
  for (const auto& [key, value] : tags) text += (text.empty() ? "" : ", ") + key + "=" + Printable(value);
  return text.empty() ? "no name of perch's" : text;
}

}  // namespace

Result<aws::TextMap> IdentityTags(const Identity& identity) {
  const Result<std::vector<Tag>> tags = TagsFor(identity);
  if (!tags) return Fail(tags.error());
  return aws::TextMap(tags->begin(), tags->end());
}

Status SameIdentity(const aws::Stack& stack, const aws::TextMap& tags) {
  const aws::TextMap theirs = IdentityIn(stack.tags), ours = IdentityIn(tags);
  if (theirs == ours) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = "the stack " + stack.name + " is another's",
               .where = stack.id,
               .why = "its tags say " + Text(theirs) + ", not " + Text(ours),
               .hint = "Nothing was done to it. Delete it by hand, or give the app or branch another name."});
}

bool HasOwner(const aws::TextMap& tags) {
  const auto owner = tags.find("perch:owner");
  return owner != tags.end() && owner->second == kOwnerMark;
}

}  // namespace perch::beanstalk
