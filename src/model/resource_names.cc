#include "model/resource_names.h"

#include <algorithm>

#include "base/digest.h"
#include "model/readable.h"

namespace perch {
namespace {

using internal::kTailLength;
using internal::Label;
using internal::Readable;
using internal::Tail;

constexpr std::size_t kAppMax = 63;  // what config allows; longer ones get a tail
constexpr std::string_view kOwn = "perch-";

std::string Joined(std::initializer_list<std::string_view> parts, char separator) {
  std::string text;
  for (std::string_view part : parts) {
    text += part;
    text += separator;
  }
  text.pop_back();
  return text;
}

/// Parts that cannot be mistaken for others: none of them holds a NUL.
std::string Key(std::initializer_list<std::string_view> parts) { return Joined(parts, '\0'); }

std::string BranchTail(std::string_view app, std::string_view branch, std::string_view account = "") {
  return Tail(account.empty() ? Key({app, branch}) : Key({app, branch, account}));
}

std::string LookOf(std::string_view branch, std::size_t longest) {
  const std::string look = Readable(branch, longest);
  return look.empty() ? "branch" : look;
}

/// "shop-feature-cart", at most `longest`; an app keeps at least a third of it.
std::string LookOf(std::string_view app, std::string_view branch, std::size_t longest) {
  const std::size_t wanted = branch.empty() ? 0 : LookOf(branch, longest).size() + 1;
  std::string look = Readable(app, std::max(longest / 3, longest - std::min(longest, wanted)));
  if (look.empty()) look = "app";
  if (branch.empty()) return look;
  return look + "-" + LookOf(branch, longest - look.size() - 1);
}

/// "shop-feature-cart-<tail>", at most `longest`.
std::string BranchName(std::string_view app, std::string_view branch, std::size_t longest,
                       std::string_view account = "") {
  return LookOf(app, branch, longest - kTailLength - 1) + "-" + BranchTail(app, branch, account);
}

/// What environments share. A third kind of application takes part in the app's hash instead of the name's end.
struct Shared {
  std::string app;
  std::string_view name;
  std::string_view short_name;
};

Shared SharedOf(std::string_view app, std::string_view application) {
  if (application == "production") return {std::string(app), "production", "prod"};
  if (application == "staging") return {std::string(app), "staging", "stag"};
  return {Key({app, application}), "other", "oth"};
}

bool IsAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// As Label, for places where case and the characters of `also` may stay. `longest` is at least 14.
std::string CasedLabel(std::string_view text, std::string_view also, std::size_t longest) {
  const bool fits = !text.empty() && text.size() <= longest && !internal::HasTail(text) &&
                    std::all_of(text.begin(), text.end(), [&](char c) { return IsAlnum(c) || also.contains(c); });
  if (fits) return std::string(text);
  const std::string look = Readable(text, longest - kTailLength - 1);
  return (look.empty() ? "x" : look) + "-" + Tail(text);
}

std::string VariablePath(std::string_view app, std::string_view profile, std::string_view variable) {
  constexpr std::string_view kAlso = "._-";
  return "/perch/" + CasedLabel(app, kAlso, 80) + "/" + CasedLabel(profile, kAlso, 80) + "/" +
         CasedLabel(variable, kAlso, 200);
}

}  // namespace

std::string NamesBeginWith(std::string_view app) {
  constexpr std::size_t kMost = 20;
  const std::string whole = LookOf(app, "", kAppMax);
  return std::string(kOwn) + (whole.size() <= kMost ? whole + "-" : LookOf(app, "", kMost));
}

std::string StackNameFor(std::string_view app, std::string_view branch) {
  return std::string(kOwn) + BranchName(app, branch, 100 - kOwn.size());
}

std::string ApplicationStackNameFor(std::string_view app, std::string_view application) {
  // An environment's name ends in a tail of twelve characters without a '-'; no application is called so.
  const Shared shared = SharedOf(app, application);
  return std::string(kOwn) + Joined({Label(shared.app, kAppMax), shared.name}, '-');
}

std::string BeanstalkApplicationNameFor(std::string_view app, std::string_view application) {
  return ApplicationStackNameFor(app, application);
}

std::string BeanstalkEnvironmentNameFor(std::string_view app, std::string_view branch) {
  return BranchName(app, branch, 40);
}

std::string CnamePrefixFor(std::string_view app, std::string_view branch, std::string_view account) {
  return BranchName(app, branch, 63, account);
}

std::string BucketNameFor(std::string_view app, std::string_view branch, std::string_view account) {
  // The beginning rules out "xn--", "sthree-" and "amzn-s3-demo-"; the tail rules out "-s3alias", "--ol-s3" and others.
  return std::string(kOwn) + BranchName(app, branch, 63 - kOwn.size(), account);
}

std::string DatabaseIdentifierFor(std::string_view app, std::string_view branch) {
  return std::string(kOwn) + BranchName(app, branch, 63 - kOwn.size());
}

std::string LoadBalancerNameFor(std::string_view app, std::string_view application) {
  constexpr std::size_t kLeft = 32 - kOwn.size() - 5;  // "-prod"
  const Shared shared = SharedOf(app, application);
  return std::string(kOwn) + Joined({Label(shared.app, kLeft), shared.short_name}, '-');
}

std::string RoleNameFor(std::string_view app, std::string_view branch, std::string_view purpose) {
  const std::string end = "-" + Label(purpose, 20);
  return std::string(kOwn) + BranchName(app, branch, 64 - kOwn.size() - end.size()) + end;
}

std::string RepositoryNameFor(std::string_view app, std::string_view application) {
  const Shared shared = SharedOf(app, application);
  return Joined({"perch", Label(shared.app, kAppMax), shared.name}, '/');
}

std::string LogGroupNameFor(std::string_view app, std::string_view branch) {
  return "/perch/" + Label(app, kAppMax) + "/" + LookOf(branch, 100) + "-" + BranchTail(app, branch);
}

std::string SecretNameFor(std::string_view app, std::string_view profile, std::string_view variable) {
  return VariablePath(app, profile, variable);
}

std::string ParameterNameFor(std::string_view app, std::string_view profile, std::string_view variable) {
  return VariablePath(app, profile, variable);
}

std::string ChangeSetNameFor(std::string_view commit, std::uint64_t generation) {
  return std::string(kOwn) + std::to_string(generation) + "-" + Label(commit, 64);
}

std::string ImageTagFor(std::string_view tree, std::string_view build_hash) {
  const std::string look = Readable(tree, 12);
  return (look.empty() ? "tree" : look) + "-" + Sha256Hex(Key({tree, build_hash})).substr(0, 40);
}

std::string BundleFolderFor(std::string_view app, std::string_view branch) {
  return "bundles/" + Label(app, kAppMax) + "/" + LookOf(branch, 100) + "-" + BranchTail(app, branch) + "/";
}

std::string BundleKeyFor(std::string_view app, std::string_view branch, std::string_view image_digest,
                         std::string_view settings_hash) {
  return BundleFolderFor(app, branch) + Sha256Hex(Key({image_digest, settings_hash})).substr(0, 40);
}

std::string ExportNameFor(std::string_view app, std::string_view application, std::string_view fact) {
  const Shared shared = SharedOf(app, application);
  return Joined({"perch", Label(shared.app, kAppMax), shared.name, CasedLabel(fact, "-", 100)}, ':');
}

std::string SecurityGroupDescriptionFor(std::string_view text) {
  constexpr std::string_view kAlso = " ._-:/()#,@[]+=&;{}!$*";
  std::string description(text.substr(0, 255));
  for (char& c : description) {
    if (!IsAlnum(c) && !kAlso.contains(c)) c = '_';
  }
  return description.empty() ? "perch" : description;
}

std::string LogicalIdFor(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  const bool ends_as_tail = text.size() >= kTailLength && internal::IsTail(text.substr(text.size() - kTailLength));
  const bool fits =
      !text.empty() && text.size() <= kLongest && !ends_as_tail && std::all_of(text.begin(), text.end(), IsAlnum);
  if (fits) return std::string(text);
  std::string id;
  bool word_begins = true;
  for (char c : text) {
    if (id.size() == kLongest - kTailLength) break;
    if (!IsAlnum(c)) {
      word_begins = true;
      continue;
    }
    id += word_begins && c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
    word_begins = false;
  }
  return (id.empty() ? "X" : id) + Tail(text);
}

}  // namespace perch
