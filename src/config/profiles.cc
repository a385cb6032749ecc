#include "config/profiles.h"

#include <algorithm>
#include <optional>

#include "base/glob.h"
#include "base/suggest.h"
#include "base/text.h"
#include "config/merge.h"
#include "config/schema.h"

namespace perch::config {
namespace {

constexpr std::size_t kMostProfiles = 100;
constexpr std::string_view kDefaultProfile = "branch";

std::string Capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = char(text[0] - 'a' + 'A');
  return text;
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Without the keys that say which branch has which profile.
Value WithoutChoice(Value root) {
  if (Value::Map* map = root.AsMap()) {
    std::erase_if(*map, [](const auto& entry) { return entry.key == "profiles" || entry.key == "environments"; });
  }
  return root;
}

class Resolver {
 public:
  Resolver(const Value& root, Diagnostics& diagnostics) : diagnostics_(diagnostics), base_(WithoutChoice(root)) {
    if (const Value* profiles = root.Find("profiles"); profiles && profiles->AsMap()) {
      for (const Value::Entry& entry : *profiles->AsMap()) {
        if (written_.size() < kMostProfiles) {
          written_.push_back(&entry);
          names_.push_back(entry.key);
        } else {
          diagnostics_.Add({.at = entry.key_at,
                            .width = entry.key.size(),
                            .text = "there are more than " + std::to_string(kMostProfiles) + " profiles",
                            .hint = "Remove some."});
          break;
        }
      }
    }
    for (const std::string_view name : kBuiltInProfiles) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.emplace_back(name);
    }
  }

  std::map<std::string, Profile> Run() {
    for (const std::string& name : names_) Resolve(name, {});
    std::map<std::string, Profile> good;
    for (auto& [name, profile] : done_) {
      if (profile) good.emplace(name, *std::move(profile));
    }
    CheckWhole(base_, nullptr, nullptr);
    for (const auto& [name, profile] : good) {
      CheckWhole(profile.values, &profile, profile.chain.size() > 1 ? &good.at(profile.chain[1]).values : &base_);
    }
    return good;
  }

 private:
  const Value::Entry* Written(const std::string& name) const {
    const auto at = std::find_if(written_.begin(), written_.end(), [&](const auto* e) { return e->key == name; });
    return at == written_.end() ? nullptr : *at;
  }

  /// The profile with all it inherits; nullptr when it or what it extends is wrong. `path`: who asked, outermost first.
  const Profile* Resolve(const std::string& name, std::vector<std::string> path) {
    if (const auto known = done_.find(name); known != done_.end()) return known->second ? &*known->second : nullptr;
    path.push_back(name);
    const Value::Entry* written = Written(name);
    Profile profile{.name = name, .chain = {name}, .values = base_};
    if (written) {
      profile.at = written->key_at;
      if (const Value* extends = written->value.Find("extends"); extends && extends->AsString()) {
        const Profile* parent = Parent(*extends, path);
        if (!parent) {
          done_[name] = std::nullopt;
          return nullptr;
        }
        profile.values = parent->values;
        profile.chain.insert(profile.chain.end(), parent->chain.begin(), parent->chain.end());
      }
      Value own = written->value;
      if (own.AsMap()) {
        std::erase_if(*own.AsMap(), [](const auto& entry) { return entry.key == "extends"; });
        Stamp(own, name);
        profile.values = Merge(profile.values, own, Schema());
      }
    }
    profile.perchs = PerchsOf(profile.chain);
    return &*(done_[name] = std::move(profile));
  }

  /// Whose defaults a profile gets: those of the first of perch's own in its chain.
  static std::string PerchsOf(const std::vector<std::string>& chain) {
    for (const std::string& name : chain) {
      if (std::find(kBuiltInProfiles.begin(), kBuiltInProfiles.end(), name) != kBuiltInProfiles.end()) return name;
    }
    return std::string(kDefaultProfile);
  }

  const Profile* Parent(const Value& extends, const std::vector<std::string>& path) {
    const std::string& parent = *extends.AsString();
    const auto circle = std::find(path.begin(), path.end(), parent);
    if (circle != path.end()) {
      std::string text;
      std::vector<std::string> trail;
      for (auto step = circle; step != path.end(); ++step) {
        text += *step + " → ";
        const Value* next = Written(*step)->value.Find("extends");
        trail.push_back(*step + " extends " + *next->AsString() + " at " + next->at.Text());
      }
      diagnostics_.Add({.at = extends.at,
                        .width = parent.size(),
                        .text = "`extends` goes round in a circle: " + text + parent,
                        .hint = "Take one `extends` out of it.",
                        .trail = std::move(trail)});
      return nullptr;
    }
    if (std::find(names_.begin(), names_.end(), parent) == names_.end()) {
      const std::string nearest = DidYouMean(parent, names_);
      diagnostics_.Add({.at = extends.at,
                        .width = parent.size(),
                        .text = "there is no profile `" + parent + "` to extend",
                        .hint = nearest.empty() ? "There are: " + Quoted(names_) + "." : Capital(nearest)});
      return nullptr;
    }
    return Resolve(parent, path);
  }

  std::vector<std::string> Trail(const Profile& profile) const {
    std::vector<std::string> trail;
    for (std::size_t i = 0; i + 1 < profile.chain.size(); ++i) {
      const Value* extends = Written(profile.chain[i])->value.Find("extends");
      trail.push_back("profile " + profile.chain[i] + " extends " + profile.chain[i + 1] + " at " + extends->at.Text());
    }
    return trail;
  }

  static const Value* Clash(const Value& values, const std::string& name) {
    const Value* env = values.Find("env");
    const Value* secrets = values.Find("secrets");
    return env && secrets && secrets->Find(name) ? env->Find(name) : nullptr;
  }

  /// `profile` is nullptr for the top level; `inherited` is what it begins with, whose errors are not told again.
  void CheckWhole(const Value& values, const Profile* profile, const Value* inherited) {
    const Value* secrets = values.Find("secrets");
    if (!secrets || !secrets->AsMap()) return;
    for (const Value::Entry& entry : *secrets->AsMap()) {
      if (const Value::Map* source = entry.value.AsMap(); source && source->empty()) {
        diagnostics_.Add({.at = entry.key_at,
                          .width = entry.key.size(),
                          .text = "the secret `" + entry.key + "` does not say where its value comes from",
                          .hint = "Write one of env, file and command, such as {env: " + entry.key + "}."});
      }
      const Value* plain = Clash(values, entry.key);
      if (!plain || (inherited && Clash(*inherited, entry.key))) continue;
      diagnostics_.Add({.at = entry.key_at,
                        .width = entry.key.size(),
                        .text = "`" + entry.key + "` is a secret and a plain variable at once" +
                                (profile ? " in profile " + profile->name : ""),
                        .hint = "Remove it from `env` (" + plain->at.Text() + ").",
                        .trail = profile ? Trail(*profile) : std::vector<std::string>(),
                        .conceal = true});
    }
  }

  Diagnostics& diagnostics_;
  Value base_;
  std::vector<const Value::Entry*> written_;
  std::vector<std::string> names_;
  std::map<std::string, std::optional<Profile>> done_;
};

bool MatchesEverything(const std::string& pattern) {
  return pattern.find_first_not_of('*') == std::string::npos && !pattern.empty();
}

/// Whether `earlier` certainly matches all that `pattern` does.
bool Covers(const std::string& earlier, const std::string& pattern) {
  if (MatchesEverything(earlier)) return true;
  return pattern.find_first_of("*?") == std::string::npos && GlobMatches(earlier, pattern);
}

}  // namespace

std::map<std::string, Profile> ResolveProfiles(const Value& root, Diagnostics& diagnostics) {
  return Resolver(root, diagnostics).Run();
}

std::vector<Rule> ReadRules(const Value& root, const std::map<std::string, Profile>& profiles,
                            Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const auto& [name, profile] : profiles) names.push_back(name);
  if (const Value* written = root.Find("profiles"); written && written->AsMap()) {
    for (const Value::Entry& entry : *written->AsMap()) names.push_back(entry.key);  // the wrong ones too
  }
  const Value* environments = root.Find("environments");
  if (!environments || !environments->AsMap()) return {{.pattern = "*", .profile = std::string(kDefaultProfile)}};
  std::vector<Rule> rules;
  for (const Value::Entry& entry : *environments->AsMap()) {
    Rule rule{.pattern = entry.key, .profile = *entry.value.AsString(), .at = entry.key_at};
    const auto cover =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return Covers(r.pattern, rule.pattern); });
    if (cover != rules.end()) {
      diagnostics.Add(
          {.at = rule.at,
           .width = rule.pattern.size(),
           .text = "`" + rule.pattern + "` never counts: `" + cover->pattern + "` above it fits the same branches",
           .hint = "The first that fits wins: move this line above line " + std::to_string(cover->at.line) + "."});
    }
    if (std::find(names.begin(), names.end(), rule.profile) == names.end()) {
      const std::string nearest = DidYouMean(rule.profile, names);
      std::sort(names.begin(), names.end());
      names.erase(std::unique(names.begin(), names.end()), names.end());
      diagnostics.Add({.at = entry.value.at,
                       .width = rule.profile.size(),
                       .text = "there is no profile `" + rule.profile + "`",
                       .hint = nearest.empty() ? "There are: " + Quoted(names) + "." : Capital(nearest)});
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

Value Complete(const Value& values, const std::string& perchs) {
  const Value* platform = values.Find("platform");
  const bool aws = platform && platform->AsString() && *platform->AsString() == "aws";
  return WithoutChoice(WithDefaults(values, Schema(), {.perchs = perchs, .aws = aws}));
}

Value CompleteForAws(const Profile& profile) {
  return WithoutChoice(WithDefaults(profile.values, Schema(), {.perchs = profile.perchs}));
}

void CheckHosts(const std::vector<Rule>& rules, const std::map<std::string, Profile>& profiles,
                Diagnostics& diagnostics) {
  std::map<std::string, const Rule*> seen;
  for (const Rule& rule : rules) {
    const auto profile = profiles.find(rule.profile);
    const Value* host = profile == profiles.end() ? nullptr : profile->second.values.Find("host");
    if (!host || !host->AsString()) continue;
    const std::string trail =
        "`" + rule.pattern + "` gets the profile " + rule.profile +
        (rule.at.line ? " at " + rule.at.Text() : ", as every branch does without `environments`");
    if (rule.pattern.find_first_of("*?") != std::string::npos) {
      diagnostics.Add(
          {.at = host->at,
           .width = host->AsString()->size(),
           .text = "`host` is one name, but many branches would get it",
           .hint = "Write `host: null` in profile " + rule.profile + ", and `host` only where one branch is.",
           .trail = {trail}});
      continue;
    }
    const auto [first, fresh] = seen.emplace(ToLower(*host->AsString()), &rule);
    if (fresh) continue;
    diagnostics.Add({.at = host->at,
                     .width = host->AsString()->size(),
                     .text = "`host` is one name, but the branches `" + first->second->pattern + "` and `" +
                             rule.pattern + "` would both get it",
                     .hint = "Write another `host`, or `host: null`, in profile " + rule.profile + ".",
                     .trail = {trail}});
  }
}

}  // namespace perch::config
