#include "config/settings_reader.h"

#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "config/schema.h"

namespace perch::config {
namespace {

using std::chrono::milliseconds;

/// Typed reads of a checked tree by path, "run.health".
class Tree {
 public:
  explicit Tree(const Value& values) : values_(values) {}

  const Value* At(std::string_view path) const {
    const Value* value = &values_;
    for (const std::string& key : Split(path, '.')) {
      if (value) value = value->Find(key);
    }
    return value;
  }
  std::string Text(std::string_view path) const {
    const Value* value = At(path);
    return value && value->AsString() ? *value->AsString() : "";
  }
  std::optional<int> Number(std::string_view path) const {
    const Value* value = At(path);
    const auto* number = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
    return number ? std::optional(int(*number)) : std::nullopt;
  }
  void Read(std::string_view path, int& into) const { into = Number(path).value_or(into); }
  void Read(std::string_view path, milliseconds& into) const {
    into = milliseconds(ParseDuration(Text(path)).value_or(into.count()));
  }
  void ReadBytes(std::string_view path, std::int64_t& into) const { into = ParseBytes(Text(path)).value_or(into); }
  std::vector<std::string> Texts(std::string_view path) const {
    std::vector<std::string> texts;
    const Value* value = At(path);
    if (!value || !value->AsList()) return texts;
    for (const Value& item : *value->AsList()) texts.push_back(*item.AsString());
    return texts;
  }
  Command ReadCommand(std::string_view path) const {
    const Value* value = At(path);
    if (!value) return {};
    if (value->AsString()) {
      return {.argv = {"/bin/sh", "-c", *value->AsString()}, .text = *value->AsString(), .at = value->at};
    }
    std::vector<std::string> words = Texts(path);
    std::string text = ShellText(words);
    return {.argv = std::move(words), .text = std::move(text), .at = value->at};
  }

 private:
  const Value& values_;
};

Limits ReadLimits(const Tree& tree) {
  Limits limits;
  tree.ReadBytes("limits.memory", limits.memory);
  tree.Read("limits.processes", limits.processes);
  tree.Read("limits.open_files", limits.open_files);
  tree.ReadBytes("limits.log", limits.log);
  tree.ReadBytes("limits.file_size", limits.disk);
  tree.Read("limits.build_timeout", limits.build_timeout);
  tree.Read("limits.test_timeout", limits.test_timeout);
  tree.Read("limits.seed_timeout", limits.seed_timeout);
  return limits;
}

/// Gathers what a hash is made of.
class Meaning {
 public:
  Meaning& Add(std::string key, std::string text) { return AddValue(std::move(key), {.data = std::move(text)}); }
  Meaning& Add(std::string key, std::int64_t number) { return AddValue(std::move(key), {.data = number}); }
  Meaning& Add(std::string key, milliseconds time) { return Add(std::move(key), std::int64_t(time.count())); }
  Meaning& Add(std::string key, const std::vector<std::string>& texts) {
    Value::List list;
    for (const std::string& text : texts) list.push_back({.data = text});
    return AddValue(std::move(key), {.data = std::move(list)});
  }
  Meaning& Add(std::string key, const std::map<std::string, std::string>& texts) {
    Value::Map map;
    for (const auto& [name, text] : texts) map.push_back({name, {.data = text}, {}});
    return AddValue(std::move(key), {.data = std::move(map)});
  }
  Meaning& AddValue(std::string key, Value value) {
    map_.push_back({std::move(key), std::move(value), {}});
    return *this;
  }
  std::string Hash() const { return Sha256Hex(CanonicalJson({.data = map_})); }

 private:
  Value::Map map_;
};

bool IsSafeWord(const std::string& word) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  return !word.empty() && word.find_first_not_of(kSafe) == std::string::npos;
}

}  // namespace

std::string ShellText(const std::vector<std::string>& words) {
  std::vector<std::string> shown;
  for (const std::string& word : words) {
    if (IsSafeWord(word)) {
      shown.push_back(word);
      continue;
    }
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    shown.push_back(quoted + "'");
  }
  return Join(shown, " ");
}

Settings ReadSettings(const Value& values) {
  const Tree tree(values);
  Settings settings;
  settings.app = tree.Text("app");
  settings.build = tree.ReadCommand("build.command");
  settings.dockerfile = tree.Text("build.dockerfile");
  settings.test = tree.ReadCommand("test.command");
  settings.release = tree.ReadCommand("release.command");
  settings.seed = tree.ReadCommand("seed.command");
  settings.seed_files = tree.Texts("seed.files");
  settings.run = tree.ReadCommand("run.command");
  if (tree.At("run.health")) settings.health_path = tree.Text("run.health");
  settings.health_status = tree.Number("run.health_status");
  tree.Read("run.health_timeout", settings.health_timeout);
  tree.Read("run.stop_timeout", settings.stop_timeout);
  settings.writable = tree.Texts("run.writable");
  settings.readable = tree.Texts("sandbox.readable");
  if (const Value* env = tree.At("env"); env && env->AsMap()) {
    for (const Value::Entry& entry : *env->AsMap()) settings.env[entry.key] = *entry.value.AsString();
  }
  settings.limits = ReadLimits(tree);
  settings.values = values;
  return settings;
}

void SetHashes(Settings& settings) {
  const Tree tree(settings.values);
  Meaning build;
  build.Add("build", settings.build.argv)
      .Add("test", settings.test.argv)
      .Add("dockerfile", settings.dockerfile)
      .Add("env", settings.env);
  settings.build_hash = build.Hash();

  // Of a secret only a digest goes in: the hash is shown, and stored in the clear.
  std::map<std::string, std::string> secrets;
  for (const auto& [name, secret] : settings.secrets) secrets[name] = HmacSha256Hex(name, secret.Reveal());
  const Limits& limits = settings.limits;
  Meaning all;
  all.Add("build_hash", settings.build_hash)
      .Add("app", settings.app)
      .Add("domain", tree.Text("domain"))
      .Add("release", settings.release.argv)
      .Add("seed", settings.seed.argv)
      .Add("seed_files", settings.seed_files)
      .Add("run", settings.run.argv)
      .Add("port", tree.Number("run.port").value_or(0))
      .Add("health_path", settings.health_path)
      .Add("health_status", settings.health_status.value_or(0))
      .Add("health_timeout", settings.health_timeout)
      .Add("stop_timeout", settings.stop_timeout)
      .Add("writable", settings.writable)
      .Add("readable", settings.readable)
      .Add("secrets", secrets)
      .Add("memory", limits.memory)
      .Add("processes", limits.processes)
      .Add("open_files", limits.open_files)
      .Add("log", limits.log)
      .Add("disk", limits.disk)
      .Add("build_timeout", limits.build_timeout)
      .Add("test_timeout", limits.test_timeout)
      .Add("seed_timeout", limits.seed_timeout);
  if (tree.Text("platform") == "aws") {
    for (const Field& field : Schema().fields) {
      const Value* value = field.on_aws ? tree.At(field.key) : nullptr;
      if (value) all.AddValue(field.key, *value);
    }
  }
  settings.hash = all.Hash();
}

}  // namespace perch::config
