#include "config/show.h"

#include <map>

#include "base/text.h"
#include "config/leaves.h"
#include "config/merge.h"
#include "config/table.h"
#include "config/yaml_print.h"

namespace perch::config {
namespace {

std::string PlaceJson(const Value& value) {
  std::string json = "\"from\":";
  json += JsonString(value.from.empty() ? (value.at.line ? "top level" : "default") : value.from.str());
  if (value.at.line == 0) return json;
  return json + ",\"file\":" + JsonString(value.at.file.str()) + ",\"line\":" + std::to_string(value.at.line) +
         ",\"column\":" + std::to_string(value.at.column);
}

std::string BecauseJson(const std::string& reason) {
  return reason.empty() ? "" : ",\"because\":" + JsonString(reason);
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

/// Why the two differ, where at least one of them is of perch's choice.
std::string Reason(const Pair& pair) {
  const std::string reason = pair.a ? Reason(*pair.a) : "";
  return reason.empty() && pair.b ? Reason(*pair.b) : reason;
}

}  // namespace

std::string ShowText(const View& view) {
  std::string text = "# " + view.title + "\n";
  for (const std::string& line : Lines(PrintYaml(Masked(view.values)))) text += Printable(line) + "\n";
  return text;
}

std::string ShowJson(const View& view) { return CanonicalJson(Masked(view.values)); }

std::string ExplainText(const View& view) {
  std::vector<std::vector<std::string>> rows;
  for (const Leaf& leaf : LeavesOf(view.values)) {
    const std::string reason = Reason(leaf);
    rows.push_back(
        {Printable(leaf.path), Shown(leaf), Place(leaf.value) + (reason.empty() ? "" : ", because " + reason)});
  }
  return view.title + "\n\n" + Table(rows);
}

std::string ExplainJson(const View& view) {
  std::string json;
  for (const Leaf& leaf : LeavesOf(view.values)) {
    json += (json.empty() ? "" : ",") + std::string("{\"key\":") + JsonString(leaf.path) +
            ",\"value\":" + CanonicalJson(leaf.value) + "," + PlaceJson(leaf.value) + BecauseJson(Reason(leaf)) + "}";
  }
  return "[" + json + "]";
}

std::string DiffText(const View& a, const View& b) {
  const std::vector<Leaf> left = LeavesOf(a.values), right = LeavesOf(b.values);
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
    const std::string reason = Reason(pairs[i]);
    if (!reason.empty()) text += "  because " + reason + "\n";
  }
  return text;
}

std::string DiffJson(const View& a, const View& b) {
  const std::vector<Leaf> left = LeavesOf(a.values), right = LeavesOf(b.values);
  const auto side = [](const Leaf* leaf) {
    return leaf ? "{\"value\":" + CanonicalJson(leaf->value) + "," + PlaceJson(leaf->value) + "}" : std::string("null");
  };
  std::string json;
  for (const Pair& pair : Differences(left, right)) {
    json += (json.empty() ? "" : ",") + std::string("{\"key\":") + JsonString(pair.path) + ",\"a\":" + side(pair.a) +
            ",\"b\":" + side(pair.b) + BecauseJson(Reason(pair)) + "}";
  }
  return "{\"a\":" + JsonString(a.name) + ",\"b\":" + JsonString(b.name) + ",\"differences\":[" + json + "]}";
}

}  // namespace perch::config
