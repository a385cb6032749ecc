#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "cfn/check_context.h"
#include "cfn/property_checker.h"

namespace perch::cfn {
namespace {

constexpr int kMostHops = 16;

/// Whether the value says what it is by itself: what a function gives is not known yet.
bool HoldsFunction(const Value& value) {
  const Value::Map* map = value.AsMap();
  return map && std::any_of(map->begin(), map->end(),
                            [](const Value::Entry& entry) { return FunctionOf(entry.value) != nullptr; });
}

}  // namespace

PropertyChecker::PropertyChecker(Context& context, const ResourceSchema& schema, const Place& properties)
    : context_(context), schema_(schema), properties_(properties) {}

void PropertyChecker::Error(const Place& place, std::string text, std::string hint) {
  ++errors_;
  if (!quiet_) context_.Error(place, std::move(text), std::move(hint));
  if (quiet_ && first_.empty()) first_ = std::move(text);
}

void PropertyChecker::Unsure() {
  unsure_ = true;
  (void)context_.Spend(Context::kPatternWork);
}

std::string PropertyChecker::Name(const Place& place) const {
  const std::string below = place.TextBelow(&properties_);
  return below.empty() ? schema_.type : Quoted(below) + " of " + schema_.type;
}

unsigned PropertyChecker::KindsOf(int index) const {
  for (int hops = 0; index >= 0 && hops < kMostHops; ++hops) {
    const SchemaNode& node = schema_.nodes[std::size_t(index)];
    if (node.kinds) return node.kinds;
    index = node.ref;
  }
  return 0;
}

void PropertyChecker::Check(int index, const Value& value, const Place& place, int hops) {
  if (index < 0 || hops > kMostHops || value.IsNull() || !context_.Spend()) return;
  const SchemaNode& node = schema_.nodes[std::size_t(index)];
  if (const Value::Entry* function = FunctionOf(value))
    return Function(index, *function, Place(place, *function), place);
  if (!Kinds(node, value, place)) return;
  std::string buffer;
  if (const Value::List* list = value.AsList()) {
    Items(node, *list, place);
  } else if (value.AsMap()) {
    Fields(node, value, place);
  } else if (const std::string* text = ScalarText(value, buffer); text && !HasDynamicReference(*text)) {
    Scalar(node, value, *text, place);
  }
  Check(node.ref, value, place, hops + 1);
  for (const int all : node.all_of) Check(all, value, place, hops + 1);
  AnyOf(node.any_of, value, place, hops);
  AnyOf(node.one_of, value, place, hops);
  if (node.if_node >= 0 && !HoldsFunction(value)) {
    std::string why;
    const bool was_unsure = std::exchange(unsure_, false);
    const bool fits = Fits(node.if_node, value, place, hops, why);
    // What cannot be told is not held against anybody.
    const bool unsure = std::exchange(unsure_, was_unsure) && fits;
    if (!unsure) Check(fits ? node.then_node : node.else_node, value, place, hops + 1);
  }
}

void PropertyChecker::Function(int index, const Value::Entry& function, const Place& at, const Place& place) {
  const Value::List* arguments = function.value.AsList();
  if (function.key == "Fn::If" && arguments && arguments->size() == 3) {
    for (std::size_t i = 1; i <= 2; ++i) {
      if (!IsNoValue((*arguments)[i])) Check(index, (*arguments)[i], Place(at, i, (*arguments)[i]), 0);
    }
    return;
  }
  const unsigned kinds = KindsOf(index);
  const Gives gives = ResultOf(function, context_);
  if (kinds == 0 || gives == Gives::kAnything || gives == Gives::kNothing) return;
  const std::string_view what = gives == Gives::kList ? "a list" : "a text";
  if (gives == Gives::kList ? (kinds & kItems) == 0 : (kinds & ~(kItems | kFields | kNull)) == 0) {
    Error(place,
          Name(place) + " is " + KindNames(kinds) + ", and " + Quoted(function.key) + " gives " + std::string(what));
  }
}

bool PropertyChecker::Kinds(const SchemaNode& node, const Value& value, const Place& place) {
  if (node.kinds == 0) return true;
  std::string buffer;
  const std::string* text = ScalarText(value, buffer);
  bool fits = false;
  if (value.AsList()) {
    fits = node.kinds & kItems;
  } else if (value.AsMap()) {
    fits = node.kinds & kFields;
  } else if ((node.kinds & kText) || (text && HasDynamicReference(*text))) {
    fits = (node.kinds & ~(kItems | kFields)) != 0;
  } else {
    fits = ((node.kinds & kWhole) && WholeOf(&value)) || ((node.kinds & kDecimal) && NumberOf(value)) ||
           ((node.kinds & kTruth) && TruthOf(&value));
  }
  if (!fits) Error(place, Name(place) + " is " + KindNames(node.kinds) + ", not " + Described(place, value));
  return fits;
}

void PropertyChecker::Items(const SchemaNode& node, const Value::List& list, const Place& place) {
  std::size_t sure = 0, most = 0;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Place inner(place, i, list[i]);
    const Presence presence = PresenceOf(&list[i]);
    sure += presence == Presence::kPresent;
    most += presence != Presence::kAbsent;
    if (presence == Presence::kAbsent) continue;
    Check(node.items, list[i], inner, 0);
    if (node.unique_items && !seen.insert(CanonicalJson(list[i])).second)
      Error(inner, Name(inner) + " is there already");
    // A function beside others stands for an item, or, from a macro, for many.
    if (const Value::Entry* function = FunctionOf(list[i]); function && function->key == "Fn::Transform") most += 1000;
  }
  const auto count = [&](std::size_t n) { return std::to_string(n) + (n == 1 ? " item" : " items"); };
  if (node.most_items && sure > *node.most_items) {
    Error(place, Name(place) + " has " + count(sure) + ", and " + std::to_string(*node.most_items) +
                     (*node.most_items == 1 ? " is" : " are") + " the most");
  } else if (node.least_items && most < *node.least_items) {
    Error(place, Name(place) + " has " + (most == 0 ? "no items" : count(most)) + ", and at least " +
                     std::to_string(*node.least_items) + (*node.least_items == 1 ? " is" : " are") + " needed");
  }
}

void PropertyChecker::Fields(const SchemaNode& node, const Value& value, const Place& place) {
  bool open = context_.macros;
  for (const Value::Entry& entry : *value.AsMap()) open |= entry.key.starts_with("Fn::");
  for (const Value::Entry& entry : *value.AsMap()) {
    if (entry.key.starts_with("Fn::")) continue;
    const Place inner(place, entry);
    int property = node.Property(entry.key);
    bool known = property >= 0;
    for (std::size_t i = 0; !known && i < node.pattern_properties.size(); ++i) {
      const Pattern::Answer answer = node.pattern_properties[i].first.Find(entry.key);
      if (answer == Pattern::Answer::kNotFound) continue;
      known = true;
      if (answer == Pattern::Answer::kUnknown) Unsure();
      if (answer == Pattern::Answer::kFound) property = node.pattern_properties[i].second;
    }
    if (!known && node.closed && PresenceOf(&entry.value) != Presence::kAbsent) {
      std::vector<std::string> names;
      for (const auto& [name, nested] : node.properties) names.push_back(name);
      Error(inner, Quoted(entry.key) + " is no property of " + Name(place),
            quiet_ ? "" : context_.Suggest(entry.key, names));
    }
    Check(known ? property : node.additional, entry.value, inner, 0);
  }
  if (!open) Relations(node, value, place);
}

/// "`A`, `B` and `C`"
std::string PropertyChecker::List(const SchemaNode::Names& names, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " " + std::string(last) + " " : std::string(", ");
    text += Quoted(names[i]);
  }
  return text;
}

void PropertyChecker::Relations(const SchemaNode& node, const Value& value, const Place& place) {
  const auto presence = [&](const std::string& name) { return PresenceOf(value.Find(name)); };
  for (const std::string& name : node.required) {
    if (presence(name) == Presence::kAbsent) Error(place, Name(place) + " needs " + Quoted(name));
  }
  const auto groups = [&](const std::vector<SchemaNode::Names>& all, bool only_one) {
    for (const SchemaNode::Names& names : all) {
      SchemaNode::Names there;
      bool maybe = false;
      for (const std::string& name : names) {
        if (presence(name) == Presence::kPresent) there.push_back(name);
        maybe |= presence(name) == Presence::kMaybe;
      }
      if (only_one && there.size() > 1) Error(place, Name(place) + " takes only one of " + List(there, "and"));
      if (there.empty() && !maybe) Error(place, Name(place) + " needs one of " + List(names, "and"));
    }
  };
  groups(node.exactly_one, true);
  groups(node.at_least_one, false);
  for (const auto& [name, others] : node.needs) {
    for (const std::string& other : others) {
      if (presence(name) == Presence::kPresent && presence(other) == Presence::kAbsent) {
        Error(place, Name(place) + " needs " + Quoted(other) + " because it has " + Quoted(name));
      }
    }
  }
  for (const auto& [name, others] : node.excludes) {
    for (const std::string& other : others) {
      if (presence(name) == Presence::kPresent && presence(other) == Presence::kPresent) {
        Error(place, Name(place) + " cannot have " + Quoted(other) + " because it has " + Quoted(name));
      }
    }
  }
}

bool PropertyChecker::Fits(int index, const Value& value, const Place& place, int hops, std::string& why) {
  const bool was_quiet = std::exchange(quiet_, true);
  const int errors = std::exchange(errors_, 0);
  const std::string first = std::exchange(first_, "");
  Check(index, value, place, hops + 1);
  quiet_ = was_quiet;
  why = std::exchange(first_, first);
  return std::exchange(errors_, errors) == 0;
}

/// Of several forms one must fit; that it is only one is not looked at, since a keyword may be unknown here.
void PropertyChecker::AnyOf(const std::vector<int>& forms, const Value& value, const Place& place, int hops) {
  std::string why;
  SchemaNode::Names wanted;
  bool only_required = true;
  for (const int form : forms) {
    std::string reason;
    if (form < 0 || Fits(form, value, place, hops, reason)) return;
    if (why.empty()) why = reason;
    const SchemaNode& node = schema_.nodes[std::size_t(form)];
    only_required &= node.required.size() == 1 && node.properties.empty();
    if (!node.required.empty()) wanted.push_back(node.required[0]);
  }
  if (forms.empty()) return;
  if (only_required && wanted.size() == forms.size())
    return Error(place, Name(place) + " needs one of " + List(wanted, "and"));
  Error(place, Name(place) + " has none of the " + std::to_string(forms.size()) + " forms that it can have",
        quiet_ || why.empty() ? "" : "The first one: " + why + ".");
}

void CheckProperties(Context& context, const ResourceInfo& resource, const Value& properties, const Place& place) {
  if (!resource.schema) return;
  for (const std::string& name : resource.schema->read_only) {
    const Value* value = properties.Find(name);
    if (!value) continue;
    const auto entry = std::find_if(properties.AsMap()->begin(), properties.AsMap()->end(),
                                    [&](const Value::Entry& e) { return e.key == name; });
    context.Error(Place(place, *entry), Quoted(name) + " of " + resource.schema->type + " is set by AWS",
                  "Take it out; `Fn::GetAtt` reads it.");
  }
  PropertyChecker(context, *resource.schema, place).Check(0, properties, place, 0);
}

}  // namespace perch::cfn
