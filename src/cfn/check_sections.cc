#include <algorithm>
#include <cctype>
#include <set>

#include "cfn/check_context.h"
#include "cfn/print.h"

namespace perch::cfn {
namespace {

// User guide, "Understand CloudFormation quotas".
constexpr std::size_t kMostDescriptionBytes = 1024;
constexpr std::size_t kMostEntries = 200;
constexpr std::size_t kMostResources = 500;
constexpr std::size_t kLongestName = 255;

const std::vector<std::string> kSections = {"AWSTemplateFormatVersion",
                                            "Conditions",
                                            "Description",
                                            "Mappings",
                                            "Metadata",
                                            "Outputs",
                                            "Parameters",
                                            "Resources",
                                            "Rules",
                                            "Transform"};

void CheckHead(Context& context, const Place& root) {
  for (const Value::Entry& entry : *context.document.AsMap()) {
    if (std::find(kSections.begin(), kSections.end(), entry.key) != kSections.end()) continue;
    const bool resource = entry.value.Find("Type") != nullptr;
    context.Error(Place(root, entry), Quoted(entry.key) + " is no section of a template",
                  resource ? "Move it into `Resources`." : context.Suggest(entry.key, kSections));
  }
  std::string buffer;
  if (const Value* version = context.document.Find("AWSTemplateFormatVersion")) {
    const std::string* text = ScalarText(*version, buffer);
    if (!text || *text != "2010-09-09") {
      context.Error(Place(root, "AWSTemplateFormatVersion", version->at), "there is only one version of templates",
                    "Write \"2010-09-09\", or leave it out.");
    }
  }
  if (const Value* description = context.document.Find("Description")) {
    const Place place(root, "Description", description->at);
    const std::string* text = description->AsString();
    if (!text) {
      context.Error(place, "the description is a text, not " + std::string(description->KindName()));
    } else if (text->size() > kMostDescriptionBytes) {
      context.Error(place, "the description has " + std::to_string(text->size()) + " bytes, and may have 1024");
    }
  }
}

/// Names of letters and digits, not too long, each with a map.
void CheckEntries(Context& context, std::string_view section, std::string_view thing, std::size_t most,
                  const Place& root) {
  const Value* value = context.document.Find(section);
  if (!value) return;
  const Place place(root, section, value->at);
  const Value::Map* map = value->AsMap();
  if (!map) return context.Error(place, Quoted(section) + " is a map, not " + std::string(value->KindName()));
  if (map->size() > most) {
    context.Error(place,
                  "there are " + std::to_string(map->size()) + " " + std::string(thing) + "s, and " +
                      std::to_string(most) + " are the most",
                  "Split the template into several stacks.");
  }
  for (const Value::Entry& entry : *map) {
    if (entry.key.starts_with("Fn::")) continue;
    const Place inner(place, entry);
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0; };
    if (entry.key.empty() || !std::all_of(entry.key.begin(), entry.key.end(), fits)) {
      context.Error(inner, Quoted(entry.key) + " is no name of a " + std::string(thing),
                    "Names are letters and digits, a to z.");
    } else if (entry.key.size() > kLongestName) {
      context.Error(inner, "the name " + Quoted(entry.key) + " has " + std::to_string(entry.key.size()) +
                               " characters, and may have 255");
    }
    if (!entry.value.AsMap()) {
      context.Error(inner, "the " + std::string(thing) + " " + Quoted(entry.key) + " is a map, not " +
                               std::string(entry.value.KindName()));
    }
  }
}

void CheckMappings(Context& context, const Place& root) {
  const Value* section = context.document.Find("Mappings");
  if (!section || !section->AsMap()) return;
  const Place place(root, "Mappings", section->at);
  for (const Value::Entry& mapping : *section->AsMap()) {
    if (!mapping.value.AsMap() || mapping.key.starts_with("Fn::")) continue;
    const Place outer(place, mapping);
    if (mapping.value.AsMap()->size() > kMostEntries) {
      context.Error(outer, "the mapping " + Quoted(mapping.key) + " has " +
                               std::to_string(mapping.value.AsMap()->size()) + " keys, and may have 200");
    }
    for (const Value::Entry& first : *mapping.value.AsMap()) {
      if (first.key.starts_with("Fn::")) continue;
      const Place inner(outer, first);
      if (!first.value.AsMap()) {
        context.Error(inner, "a mapping has two levels of keys, and " + Quoted(first.key) + " holds " +
                                 std::string(first.value.KindName()));
        continue;
      }
      for (const Value::Entry& second : *first.value.AsMap()) {
        if (second.value.AsMap() || second.value.IsNull()) {
          context.Error(Place(inner, second),
                        "a mapping's value is a text or a list, not " + std::string(second.value.KindName()),
                        "Functions cannot stand in Mappings.");
        }
      }
    }
  }
}

void CheckSize(Context& context, const Place& root) {
  const std::size_t bytes = PrintCompactJson(context.document).size();
  if (bytes > kMostTemplateBytes) {
    context.Error(root, "the template has " + std::to_string(bytes) + " bytes, and may have 1000000",
                  "Split it into several stacks.");
  } else if (bytes > kMostInlineBytes) {
    context.Notice(root, "the template has " + std::to_string(bytes) + " bytes: it goes by way of S3",
                   "Up to 51200 bytes it would be sent with the request.");
  }
}

/// Template format error of CloudFormation's, wherever it stands. Elsewhere CheckFunctions looks for it.
void CheckNulls(Context& context, const Value& value, const Place& place) {
  if (value.IsNull()) {
    context.Error(place, "nothing is written here, and CloudFormation refuses null",
                  "Leave the key out, or give it a value.");
  } else if (const Value::List* list = value.AsList()) {
    for (std::size_t i = 0; i < list->size(); ++i) CheckNulls(context, (*list)[i], Place(place, i, (*list)[i]));
  } else if (const Value::Map* map = value.AsMap()) {
    for (const Value::Entry& entry : *map) CheckNulls(context, entry.value, Place(place, entry));
  }
}

}  // namespace

void CheckSections(Context& context) {
  const Place root;
  CheckHead(context, root);
  const Value* resources = context.document.Find("Resources");
  if (!resources) {
    context.Error(root, "the template has no `Resources`", "It needs at least one.");
  } else if (resources->AsMap() && resources->AsMap()->empty()) {
    context.Error(Place(root, "Resources", resources->at), "there are no resources", "A template needs at least one.");
  }
  CheckEntries(context, "Resources", "resource", kMostResources, root);
  CheckEntries(context, "Parameters", "parameter", kMostEntries, root);
  CheckEntries(context, "Outputs", "output", kMostEntries, root);
  CheckEntries(context, "Mappings", "mapping", kMostEntries, root);
  CheckEntries(context, "Conditions", "condition", SIZE_MAX, root);
  if (const Value* section = context.document.Find("Parameters"); section && section->AsMap()) {
    const Place place(root, "Parameters", section->at);
    for (const Value::Entry& entry : *section->AsMap()) {
      if (!context.resources.contains(entry.key)) continue;
      context.Error(Place(place, entry), Quoted(entry.key) + " is a parameter and a resource",
                    "Give one of them another name.");
    }
  }
  if (const Value* metadata = context.document.Find("Metadata")) {
    CheckNulls(context, *metadata, Place(root, "Metadata", metadata->at));
  }
  CheckMappings(context, root);
  CheckSize(context, root);
}

void CheckOutputs(Context& context) {
  const Value* section = context.document.Find("Outputs");
  if (!section || !section->AsMap()) return;
  const Place root;
  const Place place(root, "Outputs", section->at);
  std::set<std::string_view> exports;
  const std::vector<std::string> known = {"Condition", "Description", "Export", "Value"};
  for (const Value::Entry& output : *section->AsMap()) {
    if (!output.value.AsMap() || output.key.starts_with("Fn::")) continue;
    const Place inner(place, output);
    for (const Value::Entry& entry : *output.value.AsMap()) {
      const Place at(inner, entry);
      const Value::Entry* function = FunctionOf(entry.value);
      std::string buffer;
      if (entry.key == "Value") {
        if (function ? ResultOf(*function, context) == Gives::kList : entry.value.AsList() || entry.value.AsMap()) {
          context.Error(at,
                        "the value of the output " + Quoted(output.key) + " is a text, not " +
                            std::string(function ? "a list" : entry.value.KindName()),
                        function || entry.value.AsList() ? "Join its items: {\"Fn::Join\": [\",\", …]}." : "");
        }
      } else if (entry.key == "Description") {
        const std::string* text = ScalarText(entry.value, buffer);
        if (!text) {
          context.Error(at, "the description of an output is a text, not " + std::string(entry.value.KindName()));
        } else if (text->size() > kMostDescriptionBytes) {
          context.Error(at, "the description has " + std::to_string(text->size()) + " bytes, and may have 1024");
        }
      } else if (entry.key == "Condition") {
        CheckConditionName(context, at, entry.value);
      } else if (entry.key == "Export") {
        const Value* name = entry.value.Find("Name");
        if (!name || entry.value.AsMap()->size() != 1) {
          context.Error(at, "`Export` takes {\"Name\": …}");
        } else if (const std::string* text = name->AsString(); text && !exports.insert(*text).second) {
          context.Error(at, "two outputs are exported as " + Quoted(*text),
                        "An account has each name once in a region.");
        }
      } else {
        context.Error(at, Quoted(entry.key) + " is no part of an output", context.Suggest(entry.key, known));
      }
    }
    if (!output.value.Find("Value")) context.Error(inner, "the output " + Quoted(output.key) + " needs `Value`");
  }
}

}  // namespace perch::cfn
