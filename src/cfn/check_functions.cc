#include <algorithm>
#include <optional>

#include "cfn/check_context.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

/// How many arguments a function that takes a list has.
struct Shape {
  std::string_view name;
  std::string_view form;
  std::size_t least = 0, most = 0;  ///< 0: no list
  bool in_conditions = false;       ///< may stand in Conditions
  bool elsewhere = true;
};

// User guide, "Intrinsic function reference".
constexpr Shape kFunctions[] = {
    {"Ref", "the name of a resource or parameter", 0, 0, true},
    {"Fn::And", "2 to 10 conditions", 2, 10, true, false},
    {"Fn::Base64", "a text", 0, 0},
    {"Fn::Cidr", "[address block, count, bits]", 2, 3},
    {"Fn::Equals", "two values", 2, 2, true, false},
    {"Fn::FindInMap", "[map, key, key]", 3, 4, true},
    {"Fn::GetAZs", "a region, or \"\" for the stack's own", 0, 0},
    {"Fn::GetAtt", "[resource, attribute]", 0, 0},
    {"Fn::GetStackOutput", "a map", 0, 0},
    {"Fn::If", "[condition, value, other value]", 3, 3},
    {"Fn::ImportValue", "the name of an export", 0, 0},
    {"Fn::Join", "[separator, [values]]", 2, 2, true},
    {"Fn::Length", "a list", 0, 0, true},
    {"Fn::Not", "a list of one condition", 1, 1, true, false},
    {"Fn::Or", "2 to 10 conditions", 2, 10, true, false},
    {"Fn::Select", "[index, list]", 2, 2, true},
    {"Fn::Split", "[separator, text]", 2, 2, true},
    {"Fn::Sub", "a text, or [text, {variable: value}]", 0, 0, true},
    {"Fn::ToJsonString", "a list or a map", 0, 0, true},
    {"Fn::Transform", "{Name: …, Parameters: …}", 0, 0},
};

const Shape* ShapeOf(std::string_view name) {
  const auto* shape =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Shape& s) { return s.name == name; });
  return shape == std::end(kFunctions) ? nullptr : shape;
}

class Walker {
 public:
  Walker(Context& context, Where where) : context_(context), where_(where) {}

  void Walk(const Value& value, const Place& place) {
    if (value.IsNull()) {
      return context_.Error(place, "nothing is written here, and CloudFormation refuses null",
                            "Leave the key out, or give it a value.");
    }
    if (const Value::List* list = value.AsList()) {
      for (std::size_t i = 0; i < list->size(); ++i) Walk((*list)[i], Place(place, i, (*list)[i]));
    }
    const Value::Map* map = value.AsMap();
    if (!map) return;
    if (const Value::Entry* function = FunctionOf(value)) return Function(*function, Place(place, *function));
    if (where_ == Where::kConditions && map->size() == 1 && map->front().key == "Condition") {
      return CheckConditionName(context_, Place(place, map->front()), map->front().value);
    }
    for (const Value::Entry& entry : *map) {
      const Place inner(place, entry);
      if (entry.key == "Ref" || entry.key.starts_with("Fn::")) Crowded(entry, inner);
      if (!entry.key.starts_with("Fn::ForEach::")) Walk(entry.value, inner);
    }
  }

  /// What is a condition: the value of one, and the arguments of And, Or and Not.
  void Condition(const Value& value, const Place& place) {
    const Value::Map* map = value.AsMap();
    const std::string_view key = map && map->size() == 1 ? std::string_view(map->front().key) : "";
    if (key == "Condition" || key == "Fn::And" || key == "Fn::Or" || key == "Fn::Not" || key == "Fn::Equals" ||
        (FunctionOf(value) && !ShapeOf(key))) {
      return Walk(value, place);
    }
    context_.Error(place, "this is no condition",
                   "A condition is one of `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` and `Condition`.");
  }

 private:
  void Crowded(const Value::Entry& entry, const Place& place) {
    if (entry.key == "Fn::Transform") return;
    if (entry.key.starts_with("Fn::ForEach::")) {
      const Value::List* arguments = entry.value.AsList();
      if (!arguments || arguments->size() != 3 || !(*arguments)[0].AsString() || !(*arguments)[2].AsMap()) {
        context_.Error(place, "`Fn::ForEach` takes [name, values, {key: what is repeated}]");
      } else if (!context_.extensions) {
        NeedsExtensions("Fn::ForEach", place);
      }
      return;
    }
    context_.Error(place, Quoted(entry.key) + " stands beside other keys",
                   "A function is the only key of its map: move the others out.");
  }

  void NeedsExtensions(std::string_view name, const Place& place) {
    context_.Error(place, Quoted(name) + " needs `Transform: AWS::LanguageExtensions`",
                   "Add it to the top of the template.");
  }

  void Function(const Value::Entry& entry, const Place& place) {
    const std::string_view name = entry.key;
    const Value& argument = entry.value;
    const Shape* shape = ShapeOf(name);
    if (!shape) {
      if (context_.macros) return;
      std::vector<std::string> names;
      for (const Shape& known : kFunctions) names.emplace_back(known.name);
      return context_.Error(place, "there is no function " + Quoted(name), context_.Suggest(name, names));
    }
    if (where_ == Where::kConditions && !shape->in_conditions && name != "Fn::GetAtt") {
      return context_.Error(place, Quoted(name) + " cannot be used in Conditions");
    }
    if (where_ != Where::kConditions && !shape->elsewhere) {
      return context_.Error(place, Quoted(name) + " can only be used in Conditions",
                            "Give the condition a name there, and use it by `Fn::If`.");
    }
    if (name == "Fn::GetAtt") return CheckGetAtt(context_, place, argument, where_);
    const Value::List* list = argument.AsList();
    if (shape->most > 0 && (!list || list->size() < shape->least || list->size() > shape->most)) {
      return context_.Error(place, Quoted(name) + " takes " + std::string(shape->form));
    }
    if (name == "Ref") {
      const std::string* id = argument.AsString();
      return id ? CheckRef(context_, place, *id, where_)
                : context_.Error(place, "`Ref` takes " + std::string(shape->form));
    }
    if (name == "Fn::Sub") {
      CheckSub(context_, place, argument, where_);
      if (list && list->size() == 2 && (*list)[1].AsMap()) Variables((*list)[1], Place(place, 1, (*list)[1]));
      return;
    }
    if (name == "Fn::And" || name == "Fn::Or" || name == "Fn::Not") {
      for (std::size_t i = 0; i < list->size(); ++i) Condition((*list)[i], Place(place, i, (*list)[i]));
      return;
    }
    if (Arguments(name, argument, place)) Walk(argument, place);
  }

  void Variables(const Value& variables, const Place& place) {
    for (const Value::Entry& entry : *variables.AsMap()) {
      const Place inner(place, entry);
      if (!IsText(entry.value)) {
        context_.Error(inner, "the variable " + Quoted(entry.key) + " of `Fn::Sub` is no text");
      } else {
        Walk(entry.value, inner);
      }
    }
  }

  /// A scalar, or a function that may give one.
  bool IsText(const Value& value) const {
    std::string buffer;
    if (const Value::Entry* function = FunctionOf(value)) return ResultOf(*function, context_) != Gives::kList;
    return ScalarText(value, buffer) != nullptr;
  }

  /// A list, or a function that may give one.
  bool IsList(const Value& value) const {
    if (const Value::Entry* function = FunctionOf(value)) return ResultOf(*function, context_) != Gives::kScalar;
    return value.AsList() != nullptr;
  }

  /// Whether the arguments fit; tells if not.
  bool Arguments(std::string_view name, const Value& argument, const Place& place) {
    const Value::List* list = argument.AsList();
    const auto wrong = [&](std::string why) {
      context_.Error(place, std::move(why));
      return false;
    };
    const std::string takes = Quoted(name) + " takes " + std::string(ShapeOf(name)->form);
    if (name == "Fn::If") {
      CheckConditionName(context_, place, (*list)[0]);
      return true;
    }
    if (name == "Fn::Join") {
      if (!(*list)[0].AsString()) return wrong(takes);
      if (IsList((*list)[1])) return Joined((*list)[1], place);
      return wrong(takes);
    }
    if (name == "Fn::Split") return ((*list)[0].AsString() && IsText((*list)[1])) || wrong(takes);
    if (name == "Fn::Select") return Select(*list, place) || wrong(takes);
    if (name == "Fn::FindInMap") return FindInMap(*list, place);
    if (name == "Fn::Cidr") return Cidr(*list, place);
    if (name == "Fn::Base64" || name == "Fn::GetAZs" || name == "Fn::ImportValue")
      return IsText(argument) || wrong(takes);
    if (name == "Fn::Length" || name == "Fn::ToJsonString") {
      if (!context_.extensions && !context_.macros) NeedsExtensions(name, place);
      return (name == "Fn::Length" ? IsList(argument) : argument.AsMap() || argument.AsList()) || wrong(takes);
    }
    if (name == "Fn::Transform") {
      const Value* macro = argument.Find("Name");
      return (macro && macro->AsString()) || wrong(takes);
    }
    if (name == "Fn::Equals")
      return (IsText((*list)[0]) && IsText((*list)[1])) || wrong("`Fn::Equals` compares two texts");
    return true;
  }

  bool Joined(const Value& values, const Place& place) {
    const Value::List* list = values.AsList();
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      if (IsText((*list)[i]) || (*list)[i].IsNull()) continue;
      context_.Error(Place(Place(place, 1, values), i, (*list)[i]),
                     "`Fn::Join` joins texts, and this is " +
                         std::string(FunctionOf((*list)[i]) ? "a function that gives a list" : (*list)[i].KindName()));
      return false;
    }
    return true;
  }

  bool Select(const Value::List& arguments, const Place& place) {
    const std::optional<std::int64_t> index = WholeOf(&arguments[0]);
    if (!index && !FunctionOf(arguments[0])) return false;
    if (!IsList(arguments[1])) return false;
    const Value::List* list = arguments[1].AsList();
    if (index && (*index < 0 || (list && std::size_t(*index) >= list->size()))) {
      context_.Error(place, "`Fn::Select` takes item " + std::to_string(*index) + ", and " +
                                (list ? "there are " + std::to_string(list->size()) : "the first is 0"));
    }
    return true;
  }

  bool FindInMap(const Value::List& arguments, const Place& place) {
    const std::string* name = arguments[0].AsString();
    if (arguments.size() == 4 && !context_.extensions && !context_.macros) NeedsExtensions("DefaultValue", place);
    if (!name || context_.macros) return true;
    const auto map = context_.mappings.find(*name);
    if (map == context_.mappings.end()) {
      context_.Error(place, "there is no mapping " + Quoted(*name), context_.Suggest(*name, context_.MappingNames()));
      return true;
    }
    const Value* level = map->second;
    for (std::size_t i = 1; i <= 2 && level && level->AsMap() && arguments.size() == 3; ++i) {
      std::string buffer;
      const std::string* key = ScalarText(arguments[i], buffer);
      if (!key) break;
      const Value* next = level->Find(*key);
      if (!next) {
        std::vector<std::string> keys;
        for (const Value::Entry& entry : *level->AsMap()) {
          if (keys.size() < 200) keys.push_back(entry.key);
        }
        context_.Error(place, "the mapping " + Quoted(*name) + " has no key " + Quoted(*key),
                       context_.Suggest(*key, keys));
      }
      level = next;
    }
    return true;
  }

  bool Cidr(const Value::List& arguments, const Place& place) {
    constexpr std::int64_t kMost[] = {0, 256, 128};
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const std::optional<std::int64_t> number = WholeOf(&arguments[i]);
      if (FunctionOf(arguments[i]) || (number && *number >= 1 && *number <= kMost[i])) continue;
      context_.Error(place, i == 1 ? "`Fn::Cidr` makes 1 to 256 blocks" : "the bits of `Fn::Cidr` are 1 to 128");
    }
    if (const std::string* block = arguments[0].AsString()) {
      static const Pattern kBlock("^[0-9a-fA-F.:]+/\\d{1,3}$");
      if (!kBlock.Matches(*block))
        context_.Error(place, Quoted(*block) + " is no block of addresses", "For example 10.0.0.0/16.");
    }
    return true;
  }

  Context& context_;
  Where where_;
};

}  // namespace

void CheckFunctions(Context& context) {
  const Place root;
  for (const char* name : {"Conditions", "Resources", "Outputs"}) {
    const Value* section = context.document.Find(name);
    if (!section || !section->AsMap()) continue;
    const Place place(root, name, section->at);
    const bool conditions = name == std::string_view("Conditions");
    Walker walker(context, conditions ? Where::kConditions : Where::kElsewhere);
    for (const Value::Entry& entry : *section->AsMap()) {
      if (entry.key.starts_with("Fn::")) continue;
      const Place inner(place, entry);
      if (conditions) {
        walker.Condition(entry.value, inner);
      } else if (const Value::Map* parts = entry.value.AsMap()) {
        for (const Value::Entry& part : *parts) walker.Walk(part.value, Place(inner, part));
      }
    }
  }
}

}  // namespace perch::cfn
