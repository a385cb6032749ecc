#include <algorithm>

#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

/// Of one variable's name and value, in characters; of all NAME=VALUE together, in bytes (Beanstalk developer guide,
/// "Environment properties and other software settings").
constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestValue = 256;
constexpr std::size_t kMostBytes = 4096;

std::size_t Characters(std::string_view text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f; });
}

void CheckVariable(Tree& tree, const Value::Entry& entry, const std::string& value) {
  const std::string name = "`env." + entry.key.substr(0, 60) + "`";
  if (entry.key.size() > kLongestName) {
    tree.Add(entry.key_at, "the name of " + name + " has " + std::to_string(entry.key.size()) + " characters",
             "Beanstalk takes names of at most 128.");
  }
  if (Characters(value) > kLongestValue) {
    tree.Add(entry.value.at, name + " has " + std::to_string(Characters(value)) + " characters",
             "Beanstalk takes values of at most 256: keep longer ones in a file of the app, or in a secret.");
  }
  if (HasControl(value)) {
    tree.Add(entry.value.at, name + " holds a control character", "Beanstalk takes none but tabs and line ends.");
  }
}

/// What perch sets on AWS besides the names that it refuses everywhere.
bool IsPerchsOnAws(const std::string& name, const DatabaseSettings& database) {
  if (name == "BUCKET" || name == "AWS_REGION") return true;
  return database.mode != DatabaseSettings::Mode::kNone && database.password == DatabaseSettings::Password::kManaged &&
         (name == "DATABASE_HOST" || name == "DATABASE_PORT" || name == "DATABASE_NAME" ||
          name == "DATABASE_SECRET_ARN");
}

void CheckName(Tree& tree, const char* map, const Value::Entry& entry, const DatabaseSettings& database) {
  if (!IsPerchsOnAws(entry.key, database)) return;
  tree.Add(entry.key_at,
           "`" + std::string(map) + "." + entry.key + "` cannot be set: on AWS perch sets " + entry.key + " itself",
           "Use another name.");
}

void ReadVariables(Tree& tree, AwsSettings& settings) {
  const Value* env = tree.At("env");
  if (!env || !env->AsMap()) return;
  std::size_t bytes = 0;
  for (const Value::Entry& entry : *env->AsMap()) {
    if (!entry.value.AsString()) continue;
    const std::string& value = *entry.value.AsString();
    settings.env[entry.key] = value;
    bytes += entry.key.size() + 1 + value.size();
    CheckName(tree, "env", entry, settings.database);
    CheckVariable(tree, entry, value);
  }
  if (bytes <= kMostBytes - kReservedVariableBytes) return;
  tree.Complain("env", "the variables of `env` take " + std::to_string(bytes) + " bytes together",
                "Beanstalk takes " + std::to_string(kMostBytes) + " for all, of which perch needs " +
                    std::to_string(kReservedVariableBytes) + " for its own: keep settings in a file of the app.");
}

/// The entries of `resources`, `outputs` or `override` must be maps; what is in them is for cfn::Check.
Value ReadParts(Tree& tree, const char* path, const char* needed, const char* hint) {
  const Value* parts = tree.At(path);
  if (!parts || !parts->AsMap()) return {};
  for (const Value::Entry& entry : *parts->AsMap()) {
    const std::string name = "`" + std::string(path) + "." + entry.key.substr(0, 60) + "`";
    // Override's `Database.Properties.MultiAZ` goes to the value itself.
    const bool is_path = !*needed && entry.key.find('.') != entry.key.npos;
    if (!entry.value.AsMap() && !is_path) {
      tree.Add(entry.value.at, name + " must be a map, not " + std::string(entry.value.KindName()), hint);
    } else if (*needed && !entry.value.Find(needed)) {
      tree.Add(entry.key_at, name + " has no `" + needed + "`", hint);
    }
  }
  return *parts;
}

}  // namespace

void ReadTemplates(Tree& tree, AwsSettings& settings) {
  settings.resources = ReadParts(tree, "resources", "Type", "A resource has a `Type`, such as AWS::SQS::Queue.");
  settings.outputs = ReadParts(tree, "outputs", "Value", "An output has a `Value`, such as !Ref Jobs.");
  settings.overrides =
      ReadParts(tree, "override", "", "Write the name of a resource, and below it what changes, such as Properties.");
  if (const Value* types = settings.resources.AsMap() ? &settings.resources : nullptr) {
    for (const Value::Entry& entry : *types->AsMap()) {
      const Value* type = entry.value.Find("Type");
      if (!type || (type->AsString() && type->AsString()->find("::") != std::string::npos)) continue;
      const std::string found = type->AsString() ? Quoted(*type->AsString()) : std::string(type->KindName());
      tree.Add(type->at, "`resources." + entry.key.substr(0, 60) + ".Type` is no type of a resource: " + found,
               "A type looks like AWS::SQS::Queue.");
    }
  }
  if (!tree.Has("template")) return;
  if (!tree.Has("template.file")) {
    tree.Complain("template", "`template` does not say which file", "Write `template: {file: environment.yaml}`.");
    return;
  }
  settings.own_template = TemplateFile{.path = tree.Text("template.file"), .at = tree.Place("template.file")};
  for (const char* other : {"resources", "override"}) {
    if (tree.Has(other)) {
      tree.Complain(other, "`" + std::string(other) + "` and `template` exclude each other",
                    "Write it into your own template, or leave `template` out.");
    }
  }
}

void ReadApp(Tree& tree, AwsSettings& settings) {
  settings.health_path = tree.Has("run.health") ? tree.Text("run.health") : "/";
  settings.health_status = tree.MaybeNumber("run.health_status");
  if (settings.health_status && (*settings.health_status < 200 || *settings.health_status > 499)) {
    tree.Complain("run.health_status",
                  "`run.health_status` is " + tree.Told("run.health_status") +
                      ", which no load balancer of AWS takes for healthy",
                  "Take one from 200 to 499.");
  }
  settings.port = tree.Number("run.port", settings.port);
  ReadVariables(tree, settings);
  if (const Value* secrets = tree.At("secrets"); secrets && secrets->AsMap()) {
    for (const Value::Entry& entry : *secrets->AsMap()) {
      CheckName(tree, "secrets", entry, settings.database);
      settings.secrets.push_back(entry.key);
    }
  }
}

}  // namespace perch::beanstalk
