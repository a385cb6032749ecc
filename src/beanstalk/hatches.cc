#include "beanstalk/hatches.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/suggest.h"
#include "base/text.h"
#include "beanstalk/environment_template.h"
#include "beanstalk/stack_names.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kOptionSettings = "OptionSettings";

std::vector<std::string> KeysOf(const Value& map) {
  std::vector<std::string> keys;
  if (!map.AsMap()) return keys;
  for (const Value::Entry& entry : *map.AsMap()) keys.push_back(entry.key);
  return keys;
}

Value Text(std::string text) { return {.data = std::move(text)}; }

/// The map under `key`, made when it is not there.
Value& Section(Value& document, std::string_view key) {
  if (Value* section = document.Find(key)) return *section;
  document.AsMap()->push_back({std::string(key), {.data = Value::Map{}}, {}});
  return document.AsMap()->back().value;
}

class Hatches {
 public:
  Hatches(Value& document, std::vector<Problem>& problems) : document_(document), problems_(problems) {}

  void Add(std::string_view section_name, std::string_view key, const Value& additions) {
    if (!additions.AsMap()) return;
    Value& section = Section(document_, section_name);
    for (const Value::Entry& entry : *additions.AsMap()) {
      if (section.Find(entry.key)) {
        problems_.push_back({entry.key_at, "perch's own template already has `" + entry.key + "`",
                             key == "resources" ? "To change it, write it under `override`; else choose another name."
                                                : "Choose another name."});
      } else {
        section.AsMap()->push_back(entry);
      }
    }
  }

  void Override(const Value& overrides) {
    if (!overrides.AsMap()) return;
    Value& resources = Section(document_, "Resources");
    for (const Value::Entry& entry : *overrides.AsMap()) {
      const std::vector<std::string> path = Split(entry.key, '.');
      Value* resource = resources.Find(path[0]);
      if (!resource) {
        const std::string nearest = DidYouMean(path[0], KeysOf(resources));
        problems_.push_back({entry.key_at, "there is no resource `" + path[0] + "` to override",
                             nearest.empty() ? "The resources are: " + perch::Join(KeysOf(resources), ", ") + "."
                                             : "D" + nearest.substr(1)});
        continue;
      }
      // A path is a map of one key in a map of one key.
      Value change = entry.value;
      for (std::size_t i = path.size(); i-- > 1;) {
        change = {.data = Value::Map{{path[i], std::move(change), entry.key_at}}, .at = entry.key_at};
      }
      Merge(*resource, change, path[0]);
    }
  }

 private:
  void Merge(Value& into, const Value& change, const std::string& path) {
    if (!change.AsMap() || !into.AsMap()) {
      if (into.AsMap() && !change.AsMap()) {
        problems_.push_back({change.at, "`" + path + "` is a map, and this is not", "Name the key in it to change."});
        return;
      }
      into = change;
      return;
    }
    for (const Value::Entry& entry : *change.AsMap()) {
      const std::string inner = path + "." + entry.key;
      Value* old = into.Find(entry.key);
      if (!old) {
        into.AsMap()->push_back(entry);
      } else if (entry.key == kOptionSettings && old->AsList() && entry.value.AsMap()) {
        MergeOptions(*old, entry.value);
      } else {
        Merge(*old, entry.value, inner);
      }
    }
  }

  void MergeOptions(Value& settings, const Value& change) {
    for (const Value::Entry& space : *change.AsMap()) {
      if (!space.value.AsMap()) {
        problems_.push_back({space.key_at, "`" + space.key + "` must be a map from option to value",
                             "Write `" + space.key + ": {OPTION: VALUE}`."});
        continue;
      }
      for (const Value::Entry& option : *space.value.AsMap()) SetOption(settings, space.key, option);
    }
  }

  static void SetOption(Value& settings, const std::string& space, const Value::Entry& option) {
    Value::List& list = std::get<Value::List>(settings.data);
    for (Value& setting : list) {
      const Value* old_space = setting.Find("Namespace");
      const Value* name = setting.Find("OptionName");
      if (!old_space || !name || !old_space->AsString() || !name->AsString()) continue;
      if (*old_space->AsString() != space || *name->AsString() != option.key) continue;
      if (Value* value = setting.Find("Value")) *value = option.value;
      return;
    }
    list.push_back({.data = Value::Map{{"Namespace", Text(space), {}},
                                       {"OptionName", Text(option.key), {}},
                                       {"Value", option.value, {}}},
                    .at = option.key_at});
  }

  Value& document_;
  std::vector<Problem>& problems_;
};

}  // namespace

void ApplyHatches(Value& document, const AwsSettings& settings, std::vector<Problem>& problems) {
  Hatches hatches(document, problems);
  hatches.Override(settings.overrides);
  hatches.Add("Resources", "resources", settings.resources);
  hatches.Add("Outputs", "outputs", settings.outputs);
}

void CompleteOwnTemplate(Value& document, const AwsSettings& settings, const Facts& facts,
                         std::vector<Problem>& problems) {
  const Source at = settings.own_template ? settings.own_template->at : document.at;
  if (!document.AsMap()) {
    problems.push_back({document.at, "the template is not a map", "It must be CloudFormation, as JSON or YAML."});
    return;
  }
  const Value* outputs = document.Find("Outputs");
  if (!outputs || !outputs->Find(outputs::kUrl)) {
    problems.push_back({at, "the template has no output `Url`",
                        "Add one with the address that people open: perch shows it and waits until it answers."});
  }
  Value& section = Section(document, "Outputs");
  if (!section.AsMap()) return;
  const std::pair<std::string_view, std::string> facts_to_tell[] = {
      {outputs::kHost, HostOf(settings, facts.branch)},
      {outputs::kBranch, facts.branch},
      {outputs::kImage, facts.image},
      {outputs::kPlatform, facts.platform_arn},
      {outputs::kCommit, facts.commit},
      {outputs::kTree, facts.tree},
      {outputs::kSettingsHash, facts.settings_hash},
      {outputs::kGeneration, std::to_string(facts.generation)}};
  for (const auto& [name, value] : facts_to_tell) {
    if (section.Find(name) || value.empty()) continue;
    section.AsMap()->push_back({std::string(name), {.data = Value::Map{{"Value", Text(value), {}}}}, {}});
  }
  Value& metadata = Section(document, "Metadata");
  if (!metadata.AsMap() || metadata.Find("perch")) return;
  metadata.AsMap()->push_back({"perch",
                               {.data = Value::Map{{"app", Text(settings.app), {}},
                                                   {"branch", Text(facts.branch), {}},
                                                   {"profile", Text(settings.profile), {}}}},
                               {}});
}

}  // namespace perch::beanstalk
