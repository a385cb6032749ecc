#include "config/show.h"

#include <algorithm>
#include <map>

#include "base/suggest.h"
#include "base/text.h"
#include "config/merge.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/secrets.h"
#include "config/yaml_print.h"

namespace perch::config {
namespace {

constexpr std::size_t kWidestColumn = 60;

/// One line of explain: a value that is no map, with its path.
struct Leaf {
  std::string path;
  Value value;
};

void FindLeaves(const Value& value, const std::string& path, std::vector<Leaf>& leaves) {
  const Value::Map* map = value.AsMap();
  if (!map) {
    leaves.push_back({path, value});
    return;
  }
  for (const Value::Entry& entry : *map) {
    FindLeaves(entry.value, path.empty() ? entry.key : path + "." + entry.key, leaves);
  }
}

/// Secrets become texts that say where their values come from.
Value Masked(Value values) {
  Value* secrets = values.Find("secrets");
  if (!secrets || !secrets->AsMap()) return values;
  for (Value::Entry& entry : *secrets->AsMap()) {
    if (!entry.value.AsMap()) continue;
    // The whole reference is one value now; its place is where its last part was set.
    const Value& last = entry.value.AsMap()->empty() ? entry.value : entry.value.AsMap()->back().value;
    entry.value = {.data = DescribeSecret(entry.value), .at = last.at, .from = last.from};
  }
  return values;
}

std::vector<Leaf> LeavesOf(const View& view) {
  std::vector<Leaf> leaves;
  FindLeaves(Masked(view.values), "", leaves);
  return leaves;
}

std::string Place(const Value& value) {
  if (value.at.line == 0) return value.from.empty() ? "default" : value.from;
  const std::string place = value.at.file + ":" + std::to_string(value.at.line);
  if (value.from.empty()) return place;
  return place + "  " + (value.from.starts_with("the ") ? value.from : "profile " + value.from);
}

/// Masked references are shown as they are; all else as YAML.
std::string Shown(const Leaf& leaf) {
  const bool secret = leaf.path.starts_with("secrets.") && leaf.value.AsString();
  return Printable(secret ? *leaf.value.AsString() : PrintInline(leaf.value));
}

std::size_t Width(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Padded(const std::string& text, std::size_t width) {
  return text + std::string(width > Width(text) ? width - Width(text) : 0, ' ');
}

std::string Table(const std::vector<std::vector<std::string>>& rows, const std::string& indent = "") {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(Width(row[i]), kWidestColumn));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i + 1 == row.size() ? row[i] : Padded(row[i], widths[i]) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Chain(const Profile& profile) {
  std::string text = "profile " + profile.name;
  for (std::size_t i = 1; i < profile.chain.size(); ++i) {
    text += ", which extends " + profile.chain[i];
  }
  return text;
}

std::string BranchTitle(const Project& project, const std::string& branch, const Profile& profile) {
  std::string title = "branch " + Printable(branch) + ": " + Chain(profile);
  for (const Rule& rule : project.environments) {
    if (rule.profile != profile.name || project.ProfileFor(branch) != &profile) continue;
    title += " (" + (rule.at.line ? rule.at.file + ":" + std::to_string(rule.at.line) + ", " : "") +
             (rule.pattern == "*" ? "as for every other branch" : "pattern " + rule.pattern) + ")";
    break;
  }
  return title;
}

std::string PlaceJson(const Value& value) {
  std::string json = "\"from\":";
  json += JsonString(value.from.empty() ? (value.at.line ? "top level" : "default") : value.from);
  if (value.at.line == 0) return json;
  return json + ",\"file\":" + JsonString(value.at.file) + ",\"line\":" + std::to_string(value.at.line) +
         ",\"column\":" + std::to_string(value.at.column);
}

std::string List(const std::vector<std::string>& texts, const std::string& none) {
  if (texts.empty()) return none;
  std::vector<std::string> shown;
  for (const std::string& text : texts) shown.push_back(Printable(text));
  return Join(shown, ", ");
}

/// Paths of both sides in the order of the first, then what only the second has.
struct Pair {
  std::string path;
  const Leaf* a = nullptr;
  const Leaf* b = nullptr;
};

std::vector<Pair> Differences(const std::vector<Leaf>& a, const std::vector<Leaf>& b) {
  std::map<std::string, const Leaf*> others;
  for (const Leaf& leaf : b) others[leaf.path] = &leaf;
  std::vector<Pair> pairs;
  for (const Leaf& leaf : a) {
    const auto other = others.find(leaf.path);
    if (other == others.end()) {
      pairs.push_back({leaf.path, &leaf, nullptr});
      continue;
    }
    if (!Same(leaf.value, other->second->value)) pairs.push_back({leaf.path, &leaf, other->second});
    others.erase(other);
  }
  for (const Leaf& leaf : b) {
    if (others.contains(leaf.path)) pairs.push_back({leaf.path, nullptr, &leaf});
  }
  return pairs;
}

}  // namespace

Result<View> ViewOf(const Project& project, const std::string& branch_or_profile) {
  if (const Profile* profile = project.FindProfile(branch_or_profile)) {
    return View{.name = profile->name, .title = Chain(*profile), .values = Complete(profile->values)};
  }
  const Profile* profile = project.ProfileFor(branch_or_profile);
  if (!profile) {
    std::vector<std::string> names;
    for (const auto& [name, known] : project.profiles) names.push_back(name);
    const std::string nearest = DidYouMean(branch_or_profile, names);
    return Fail({.kind = ErrorKind::kNotFound,
                 .what = "there is no profile `" + Printable(branch_or_profile) +
                         "`, and no pattern of `environments` fits a branch of that name",
                 .where = project.file,
                 .hint = nearest.empty() ? "The profiles are: " + Join(names, ", ") + "." : "D" + nearest.substr(1)});
  }
  return View{.name = branch_or_profile,
              .title = BranchTitle(project, branch_or_profile, *profile),
              .values = Complete(profile->values)};
}

View ViewOf(const Project& project, const Settings& settings) {
  const Profile* profile = project.FindProfile(settings.profile);
  return {.name = settings.branch,
          .title = profile ? BranchTitle(project, settings.branch, *profile) : "branch " + Printable(settings.branch),
          .values = settings.values};
}

std::string CheckText(const Project& project) {
  std::vector<std::string> names, rules;
  for (const auto& [name, profile] : project.profiles) names.push_back(name);
  for (const Rule& rule : project.environments) {
    rules.push_back((rule.pattern == "*" ? (rules.empty() ? "all" : "all others") : rule.pattern) + " → " +
                    rule.profile);
  }
  std::string text = Printable(project.file) + " is right.\n";
  text += Table({{"app", Printable(project.app)},
                 {"repository", project.repository.empty() ? "this folder" : Printable(project.repository)},
                 {"links", "http://<branch>." + project.domain},
                 {"profiles", List(names, "none")},
                 {"branches", List(rules, "none")},
                 {"skipped", List(project.skip, "none")},
                 {"protected", List(project.protect, "none")}},
                "  ");
  for (const std::string& warning : project.warnings) text += "warning: " + Printable(warning) + "\n";
  return text;
}

std::string CheckJson(const Project& project) {
  std::string warnings;
  for (const std::string& warning : project.warnings) warnings += (warnings.empty() ? "" : ",") + JsonString(warning);
  return "{\"ok\":true,\"file\":" + JsonString(project.file) + ",\"app\":" + JsonString(project.app) +
         ",\"warnings\":[" + warnings + "]}";
}

std::string ProblemsJson(const std::vector<Diagnostic>& problems) {
  std::string json;
  for (const Diagnostic& problem : problems) {
    json += (json.empty() ? "" : ",") + std::string("{\"file\":") + JsonString(problem.at.file) +
            ",\"line\":" + std::to_string(problem.at.line) + ",\"column\":" + std::to_string(problem.at.column) +
            ",\"text\":" + JsonString(problem.text) + ",\"hint\":" + JsonString(problem.hint) + "}";
  }
  return "[" + json + "]";
}

std::string ShowText(const View& view) {
  std::string text = "# " + view.title + "\n";
  for (const std::string& line : Lines(PrintYaml(Masked(view.values)))) text += Printable(line) + "\n";
  return text;
}

std::string ShowJson(const View& view) { return CanonicalJson(Masked(view.values)); }

std::string ExplainText(const View& view) {
  std::vector<std::vector<std::string>> rows;
  for (const Leaf& leaf : LeavesOf(view)) rows.push_back({Printable(leaf.path), Shown(leaf), Place(leaf.value)});
  return view.title + "\n\n" + Table(rows);
}

std::string ExplainJson(const View& view) {
  std::string json;
  for (const Leaf& leaf : LeavesOf(view)) {
    json += (json.empty() ? "" : ",") + std::string("{\"key\":") + JsonString(leaf.path) +
            ",\"value\":" + CanonicalJson(leaf.value) + "," + PlaceJson(leaf.value) + "}";
  }
  return "[" + json + "]";
}

std::string DiffText(const View& a, const View& b) {
  const std::vector<Leaf> left = LeavesOf(a), right = LeavesOf(b);
  const std::vector<Pair> pairs = Differences(left, right);
  if (pairs.empty()) return Printable(a.name) + " and " + Printable(b.name) + " have the same settings.\n";
  std::vector<std::vector<std::string>> sides;
  for (const Pair& pair : pairs) {
    for (const auto& [leaf, name] : {std::pair(pair.a, a.name), std::pair(pair.b, b.name)}) {
      sides.push_back({"  " + Printable(name), leaf ? Shown(*leaf) : "-", leaf ? Place(leaf->value) : ""});
    }
  }
  const std::vector<std::string> lines = Lines(Table(sides));
  std::string text;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    text += Printable(pairs[i].path) + "\n" + lines[2 * i] + "\n" + lines[2 * i + 1] + "\n";
  }
  return text;
}

std::string DiffJson(const View& a, const View& b) {
  const std::vector<Leaf> left = LeavesOf(a), right = LeavesOf(b);
  const auto side = [](const Leaf* leaf) {
    return leaf ? "{\"value\":" + CanonicalJson(leaf->value) + "," + PlaceJson(leaf->value) + "}" : std::string("null");
  };
  std::string json;
  for (const Pair& pair : Differences(left, right)) {
    json += (json.empty() ? "" : ",") + std::string("{\"key\":") + JsonString(pair.path) + ",\"a\":" + side(pair.a) +
            ",\"b\":" + side(pair.b) + "}";
  }
  return "{\"a\":" + JsonString(a.name) + ",\"b\":" + JsonString(b.name) + ",\"differences\":[" + json + "]}";
}

}  // namespace perch::config
