#include <algorithm>
#include <set>

#include "base/text.h"
#include "cfn/check_context.h"

namespace perch::cfn {
namespace {

using Names = std::vector<std::string_view>;

/// Every id that a value refers to.
void Collect(const Value& value, bool conditions, Names& into) {
  if (const Value::List* list = value.AsList()) {
    for (const Value& item : *list) Collect(item, conditions, into);
  }
  const Value::Map* map = value.AsMap();
  if (!map) return;
  for (const Value::Entry& entry : *map) {
    const std::string* text = entry.value.AsString();
    const Value::List* list = entry.value.AsList();
    if (conditions) {
      if (entry.key == "Condition" && text) into.push_back(*text);
    } else if (entry.key == "Ref" && text && map->size() == 1) {
      into.push_back(*text);
    } else if (entry.key == "Fn::GetAtt" && text) {
      into.push_back(std::string_view(*text).substr(0, text->find('.')));
    } else if (entry.key == "Fn::GetAtt" && list && !list->empty() && (*list)[0].AsString()) {
      into.push_back(*(*list)[0].AsString());
    } else if (entry.key == "Fn::Sub") {
      const bool two = list && list->size() == 2 && (*list)[0].AsString();
      const std::string_view template_text = text  ? std::string_view(*text)
                                             : two ? std::string_view(*(*list)[0].AsString())
                                                   : "";
      for (const SubName& name : SubNames(template_text)) {
        if (two && (*list)[1].Find(name.name)) continue;
        into.push_back(name.name.substr(0, name.name.find('.')));
      }
    }
    Collect(entry.value, conditions, into);
  }
}

struct Node {
  const Value::Entry* entry;
  std::vector<std::size_t> needs;
  enum { kNew, kOpen, kDone } state = kNew;
  std::size_t next = 0;  ///< of `needs`, while open
};

class Graph {
 public:
  explicit Graph(const Value::Map& section) {
    for (const Value::Entry& entry : section) {
      index_.emplace(entry.key, nodes_.size());
      nodes_.push_back({&entry, {}});
    }
  }

  void Needs(std::size_t from, const Names& names) {
    for (const std::string_view name : names) {
      const auto to = index_.find(name);
      if (to != index_.end()) nodes_[from].needs.push_back(to->second);
    }
    std::sort(nodes_[from].needs.begin(), nodes_[from].needs.end());
    nodes_[from].needs.erase(std::unique(nodes_[from].needs.begin(), nodes_[from].needs.end()),
                             nodes_[from].needs.end());
  }

  std::vector<Node>& nodes() { return nodes_; }

  /// Circles, each beginning at its first member in the template. Not all of them where they are entangled: after the
  /// ones told are gone, the rest is found.
  std::vector<std::vector<std::size_t>> Circles() {
    std::set<std::vector<std::size_t>> circles;
    for (std::size_t start = 0; start < nodes_.size(); ++start) {
      std::vector<std::size_t> path;
      if (nodes_[start].state == Node::kNew) path.push_back(start);
      while (!path.empty() && circles.size() < 20) {
        Node& node = nodes_[path.back()];
        node.state = Node::kOpen;
        if (node.next == node.needs.size()) {
          node.state = Node::kDone;
          path.pop_back();
          continue;
        }
        const std::size_t to = node.needs[node.next++];
        if (nodes_[to].state == Node::kNew) {
          path.push_back(to);
        } else if (nodes_[to].state == Node::kOpen) {
          std::vector<std::size_t> circle(std::find(path.begin(), path.end(), to), path.end());
          std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end()), circle.end());
          circles.insert(std::move(circle));
        }
      }
    }
    return {circles.begin(), circles.end()};
  }

 private:
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<Node> nodes_;
};

void CheckSection(Context& context, std::string_view name, bool conditions) {
  const Value* section = context.document.Find(name);
  if (!section || !section->AsMap()) return;
  Graph graph(*section->AsMap());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    Names names;
    const Value& value = graph.nodes()[i].entry->value;
    Collect(value, conditions, names);
    if (const Value* depends = conditions ? nullptr : value.Find("DependsOn")) {
      if (depends->AsString()) names.push_back(*depends->AsString());
      for (std::size_t k = 0; depends->AsList() && k < depends->AsList()->size(); ++k) {
        if (const std::string* id = (*depends->AsList())[k].AsString()) names.push_back(*id);
      }
    }
    graph.Needs(i, names);
  }
  const Place root;
  const Place place(root, name, section->at);
  for (const std::vector<std::size_t>& circle : graph.Circles()) {
    std::string chain;
    const std::size_t shown = std::min<std::size_t>(circle.size(), 12);
    for (std::size_t i = 0; i < shown; ++i) chain += graph.nodes()[circle[i]].entry->key.substr(0, 255) + " → ";
    if (shown < circle.size()) chain += "… → ";
    const Value::Entry& first = *graph.nodes()[circle[0]].entry;
    chain += first.key.substr(0, 255);
    context.Error(
        Place(place, first),
        std::string(conditions ? "conditions" : "resources") + " need each other in a circle: " + Printable(chain),
        conditions ? "Take one of them out." : "Take one of the references out, or make it a resource of its own.");
  }
}

}  // namespace

void CheckCycles(Context& context) {
  CheckSection(context, "Resources", false);
  CheckSection(context, "Conditions", true);
}

}  // namespace perch::cfn
