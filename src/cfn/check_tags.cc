#include <set>

#include "base/text.h"
#include "cfn/check_context.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

constexpr std::size_t kMostTags = 50;

struct Tag {
  const std::string* key;
  const std::string* value;
};

void CheckTag(Context& context, const ResourceInfo& resource, const Tag& tag, const Place& place) {
  const bool environment = resource.type == "AWS::ElasticBeanstalk::Environment";
  if (tag.key) {
    const std::size_t length = CharacterCount(*tag.key);
    if (ToLower(*tag.key).starts_with("aws:")) {
      context.Error(place, "the tag " + Quoted(*tag.key) + " begins with `aws:`, which only AWS may use");
    }
    if (environment && tag.key->starts_with("elasticbeanstalk:")) {
      context.Error(place,
                    "the tag " + Quoted(*tag.key) + " begins with `elasticbeanstalk:`, which only Beanstalk may use");
    }
    const std::size_t most = environment ? 127 : 128;
    if (length > most && (environment || !resource.schema)) {
      context.Error(place, "the tag's key " + Quoted(*tag.key) + " has " + std::to_string(length) +
                               " characters, and may have " + std::to_string(most));
    } else if (length == 0 && !resource.schema) {
      context.Error(place, "a tag's key is empty");
    }
  }
  if (tag.value) {
    const std::size_t length = CharacterCount(*tag.value);
    const std::size_t most = environment ? 255 : 256;
    if (length > most && (environment || !resource.schema)) {
      context.Error(place, "the value of the tag " + (tag.key ? Quoted(*tag.key) : "") + " has " +
                               std::to_string(length) + " characters, and may have " + std::to_string(most));
    }
  }
  // Beanstalk developer guide, "Tagging resources": narrower than most of AWS.
  static const Pattern kLetters("^[\\p{L}\\p{N}\\p{Z}\\s_.:/=+\\-@]*$");
  for (const std::string* text : {tag.key, tag.value}) {
    if (!environment || !text || kLetters.Matches(*text)) continue;
    context.Error(place, "the tag text " + Quoted(*text) + " has a character that Beanstalk refuses",
                  "It takes letters, digits, spaces and _ . : / = + - @.");
  }
}

}  // namespace

void CheckTags(Context& context, const ResourceInfo& resource, const Value& tags, const Place& place) {
  std::set<std::string> keys;
  std::size_t count = 0;
  const auto one = [&](const Tag& tag, const Place& at) {
    ++count;
    CheckTag(context, resource, tag, at);
    if (tag.key && !keys.insert(*tag.key).second)
      context.Error(at, "the tag " + Quoted(*tag.key) + " is there already");
  };
  if (const Value::List* list = tags.AsList()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Value& item = (*list)[i];
      if (!item.AsMap() || FunctionOf(item)) continue;
      std::string key, value;
      one({LiteralOf(&item, "Key", key), LiteralOf(&item, "Value", value)}, Place(place, i, item));
    }
  } else if (const Value::Map* map = tags.AsMap(); map && !FunctionOf(tags)) {
    for (const Value::Entry& entry : *map) {
      std::string value;
      one({&entry.key, ScalarText(entry.value, value)}, Place(place, entry));
    }
  }
  // Beanstalk adds three of its own.
  const std::size_t most = resource.type == "AWS::ElasticBeanstalk::Environment" ? kMostTags - 3 : kMostTags;
  if (count > most) {
    context.Error(place, "there are " + std::to_string(count) + " tags, and " + std::to_string(most) + " are the most");
  }
}

}  // namespace perch::cfn
