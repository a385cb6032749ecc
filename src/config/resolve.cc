#include "config/resolve.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "config/check.h"
#include "config/merge.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/settings_reader.h"
#include "config/yaml.h"

namespace perch::config {
namespace {

constexpr std::size_t kMostNotices = 10;
constexpr std::string_view kBranchFile = "perch.yaml";

/// Sorts what a branch's file says into what it may set and what is only noticed.
class BranchFile {
 public:
  BranchFile(const Project& project, const Profile& profile, std::string_view text)
      : project_(project), profile_(profile), diagnostics_(std::string(kBranchFile), text) {
    operator_ = WithDefaults(project.root, Schema());
    if (const std::optional<Node> node = ParseYaml(text, diagnostics_); node && !IsEmpty(*node)) {
      root_ = Check(*node, Schema(), {.nulls = true}, diagnostics_);
    }
  }

  /// What the file changes and may change, as a map to merge over the profile.
  Result<Value> Overlay() {
    Value::Map overlay;
    for (const Field& field : Schema().fields) {
      const Value* own = root_.Find(field.key);
      if (!own) continue;
      const Value* operators = project_.root.Find(field.key);
      if (field.from_branch) {
        Value changed = own->IsNull() ? *own : Difference(operators ? *operators : Value{}, *own);
        if (changed.IsNull() && !(own->IsNull() && operators)) continue;
        if (field.key == "env") CheckEnv(changed);
        Stamp(changed, std::string(kFromBranch));
        overlay.push_back({field.key, std::move(changed), own->at});
      } else if (!operators || operators->from != kFromCommandLine) {
        // A default that is spelled out is no attempt to change it.
        const Value* whole = operator_.Find(field.key);
        Notice(field.key, whole ? *whole : Value{}, *own, own->at);
      }
    }
    if (!diagnostics_.empty()) return Fail(diagnostics_.ToError());
    return Value{.data = std::move(overlay)};
  }

  std::vector<std::string> Notices() const {
    std::vector<std::pair<Source, std::string>> sorted = notices_;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first.line, a.first.column) < std::tie(b.first.line, b.first.column);
    });
    std::vector<std::string> notices;
    for (auto& [at, text] : sorted) notices.push_back(std::move(text));
    if (notices.size() > kMostNotices) {
      const std::size_t more = notices.size() - kMostNotices;
      notices.resize(kMostNotices);
      notices.push_back(std::string(kBranchFile) + " on this branch sets " + std::to_string(more) +
                        " more that only the operator's file decides.");
    }
    return notices;
  }

 private:
  static bool IsEmpty(const Node& node) { return node.kind == Node::Kind::kScalar && node.plain && node.text.empty(); }

  void CheckEnv(const Value& env) {
    const Value* secrets = profile_.values.Find("secrets");
    if (!env.AsMap() || !secrets) return;
    for (const Value::Entry& entry : *env.AsMap()) {
      if (!secrets->Find(entry.key)) continue;
      diagnostics_.Add(
          {.at = entry.key_at,
           .width = entry.key.size(),
           .text = "a branch cannot set `" + entry.key + "`: the operator's perch.yaml has a secret of that name",
           .hint = "Use another name."});
    }
  }

  void Notice(const std::string& path, const Value& operators, const Value& own, const Source& at) {
    if (Same(operators, own)) return;
    if (own.AsMap() && operators.AsMap()) {
      for (const Value::Entry& entry : *own.AsMap()) {
        const Value* old = operators.Find(entry.key);
        Notice(path + "." + entry.key, old ? *old : Value{}, entry.value, entry.key_at);
      }
      return;
    }
    if (own.IsNull() && operators.IsNull()) return;
    std::string text = Printable(at.Text()) + " on this branch sets `" + Printable(path) +
                       "`; only the operator's file decides that, so it is ignored.";
    const std::vector<std::string> parts = Split(path, '.');
    if (parts[0] == "profiles" && parts.size() > 2) {
      const Field* field = Schema().Find(parts[2]);
      if (field && field->from_branch) text += " A branch may set `" + parts[2] + "` at the top level.";
    }
    notices_.emplace_back(at, std::move(text));
  }

  const Project& project_;
  const Profile& profile_;
  Diagnostics diagnostics_;
  Value operator_;
  Value root_;
  std::vector<std::pair<Source, std::string>> notices_;
};

std::unexpected<Error> NoProfile(const Project& project, const std::string& branch) {
  const Value* environments = project.root.Find("environments");
  return Fail({.kind = ErrorKind::kUsage,
               .what = "no pattern of `environments` fits the branch " + Printable(branch),
               .where = environments ? environments->at.Text() : project.file,
               .hint = "Add a last line `\"*\": branch` to it, or skip the branch with `branches: {skip: [...]}`."});
}

}  // namespace

Result<Settings> Resolve(const Project& project, const std::string& branch, std::optional<std::string_view> branch_file,
                         const std::map<std::string, Secret>& secrets) {
  const Profile* profile = project.ProfileFor(branch);
  if (!profile) return NoProfile(project, branch);
  Value values = profile->values;
  std::vector<std::string> notices;
  if (branch_file) {
    BranchFile file(project, *profile, *branch_file);
    const Result<Value> overlay = file.Overlay();
    if (!overlay) return Fail(overlay.error());
    values = Merge(values, *overlay, Schema());
    notices = file.Notices();
  }
  Settings settings = ReadSettings(Complete(values, profile->perchs));
  settings.branch = branch;
  settings.profile = profile->name;
  settings.notices = std::move(notices);
  settings.secrets = secrets;
  if (settings.run.empty() && settings.dockerfile.empty()) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "nothing says how to run the branch " + Printable(branch),
                 .where = project.file,
                 .why = "profile `" + profile->name + "` has no `run: {command: ...}`",
                 .hint = "Add it to the operator's perch.yaml or to the branch's own."});
  }
  SetHashes(settings);
  return settings;
}

}  // namespace perch::config
