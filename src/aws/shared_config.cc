#include "aws/shared_config.h"

#include <vector>

#include "base/text.h"

namespace perch::aws {
namespace {

std::unexpected<Error> Bad(const std::string& file, std::size_t line, std::string why) {
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot read AWS's configuration",
               .where = file + ":" + std::to_string(line),
               .why = std::move(why)});
}

/// "profile x" or "profile \"x y\"" → "x"; nullopt if the title does not begin with `word`.
std::optional<std::string> NameAfter(std::string_view title, std::string_view word) {
  if (!title.starts_with(word) || title.size() == word.size()) return std::nullopt;
  title.remove_prefix(word.size());
  if (title[0] != ' ' && title[0] != '\t') return std::nullopt;
  title = Trim(title);
  const bool quoted = title.size() > 1 && (title[0] == '"' || title[0] == '\'') && title.back() == title[0];
  return std::string(quoted ? title.substr(1, title.size() - 2) : title);
}

Result<bool> ReadInto(const Surroundings& surroundings, const std::string& path,
                      std::map<std::string, ConfigSection>& sections) {
  Result<std::string> text = surroundings.read_file(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) return false;
  if (!text) return Fail(text.error());
  Result<std::map<std::string, ConfigSection>> parsed = ParseIni(*text, path);
  if (!parsed) return Fail(parsed.error());
  sections = std::move(*parsed);
  return true;
}

const std::string* FindIn(const std::map<std::string, ConfigSection>& sections, const std::string& section,
                          const std::string& key) {
  const auto at = sections.find(section);
  if (at == sections.end()) return nullptr;
  const auto value = at->second.find(key);
  return value == at->second.end() || value->second.empty() ? nullptr : &value->second;
}

}  // namespace

Result<std::map<std::string, ConfigSection>> ParseIni(std::string_view text, const std::string& file) {
  std::map<std::string, ConfigSection> sections;
  ConfigSection* section = nullptr;
  std::string* value = nullptr;
  std::size_t number = 0;
  for (const std::string& line : Lines(text)) {
    ++number;
    const std::string_view content = Trim(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    if (value && (line[0] == ' ' || line[0] == '\t')) {
      *value += "\n" + std::string(content);
      continue;
    }
    if (content[0] == '[') {
      const std::size_t end = content.find(']');
      if (end == content.npos) return Bad(file, number, "the section's title has no ']'");
      const auto [at, added] = sections.try_emplace(std::string(Trim(content.substr(1, end - 1))));
      if (!added) return Bad(file, number, "the section [" + Printable(at->first) + "] is there twice");
      section = &at->second;
      value = nullptr;
      continue;
    }
    if (!section) return Bad(file, number, "a line before the first section");
    const std::size_t sign = content.find_first_of("=:");
    if (sign == content.npos) return Bad(file, number, "neither a section nor 'key = value'");
    const std::string key = ToLower(Trim(content.substr(0, sign)));
    const auto [at, added] = section->try_emplace(key, Trim(content.substr(sign + 1)));
    if (!added) return Bad(file, number, "the key '" + Printable(key) + "' is there twice");
    value = &at->second;
  }
  return sections;
}

bool SharedConfig::HasProfile(const std::string& name) const {
  return profiles.contains(name) || credential_profiles.contains(name);
}

std::optional<std::string> SharedConfig::Find(const std::string& profile, const std::string& key) const {
  if (const std::string* value = FindIn(credential_profiles, profile, key)) return *value;
  if (const std::string* value = FindIn(profiles, profile, key)) return *value;
  return std::nullopt;
}

Result<SharedConfig> ReadSharedConfig(const Surroundings& surroundings) {
  SharedConfig config;
  config.config_file = surroundings.Expand(surroundings.Variable("AWS_CONFIG_FILE").value_or("~/.aws/config"));
  config.credentials_file =
      surroundings.Expand(surroundings.Variable("AWS_SHARED_CREDENTIALS_FILE").value_or("~/.aws/credentials"));

  Result<bool> there = ReadInto(surroundings, config.credentials_file, config.credential_profiles);
  if (!there) return Fail(there.error());
  config.has_credentials = *there;

  std::map<std::string, ConfigSection> sections;
  there = ReadInto(surroundings, config.config_file, sections);
  if (!there) return Fail(there.error());
  config.has_config = *there;
  for (auto& [title, section] : sections) {
    if (title == "default") {
      config.profiles["default"].insert(section.begin(), section.end());
    } else if (std::optional<std::string> name = NameAfter(title, "profile")) {
      config.profiles[*name].insert(section.begin(), section.end());
    } else if (std::optional<std::string> services = NameAfter(title, "services")) {
      config.services[*services] = section;
    }
  }
  return config;
}

}  // namespace perch::aws
