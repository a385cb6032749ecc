#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/value.h"
#include "cfn/check.h"
#include "cfn/resource_schema.h"

/// What the parts of the checker share. Nothing here is for others.
namespace perch::cfn {

/// A place in a template: a chain up to its root, in the frames of the walk. Its text is only made for a finding.
class Place {
 public:
  Place() = default;
  Place(const Place& parent, std::string_view key, const Source& at) : parent_(&parent), key_(key), at_(&at) {}
  Place(const Place& parent, const Value::Entry& entry)
      : Place(parent, entry.key, entry.key_at.line ? entry.key_at : entry.value.at) {}
  Place(const Place& parent, std::size_t index, const Value& item)
      : parent_(&parent), index_(int(index)), at_(&item.at) {}

  /// "Resources.Queue.Properties.Tags[0]"
  std::string Text() const;
  /// The same from below `ancestor`.
  std::string TextBelow(const Place* ancestor) const;
  /// Of the nearest node that has one.
  Source At() const;

 private:
  const Place* parent_ = nullptr;
  std::string_view key_;
  int index_ = -1;
  const Source* at_ = nullptr;
};

struct ResourceInfo {
  const Value* value = nullptr;  ///< the whole resource
  std::string_view type;         ///< "" when it has none
  const ResourceSchema* schema = nullptr;
};

/// One run of the checker.
class Context {
 public:
  Context(const Value& document, const Schemas& schemas);

  const Value& document;
  const Schemas& schemas;
  std::vector<Finding> findings;

  std::unordered_map<std::string_view, ResourceInfo> resources;
  std::unordered_map<std::string_view, const Value*> parameters, conditions, mappings;
  bool macros = false;      ///< a transform may add to the template: what is not there may yet come
  bool extensions = false;  ///< AWS::LanguageExtensions

  void Error(const Place& place, std::string text, std::string hint = "");
  void Warning(const Place& place, std::string text, std::string hint = "");
  void Notice(const Place& place, std::string text, std::string hint = "");

  /// "Did you mean `X`?", or `otherwise`. Only so often: comparing is quadratic.
  std::string Suggest(std::string_view word, const std::vector<std::string>& candidates, std::string otherwise = "");
  const std::vector<std::string>& TypeNames();

  /// Names for suggestions, made once.
  const std::vector<std::string>& ConditionNames();
  const std::vector<std::string>& MappingNames();
  const std::vector<std::string>& ResourceIds();
  /// What a Ref may name.
  const std::vector<std::string>& Referable();

  /// Work that one check may still do on hostile schemas and patterns; false once it is used up.
  bool Spend(long work = 1) { return (work_ -= work) > 0; }
  /// What a pattern that may run into its limits is worth of it.
  static constexpr long kPatternWork = 20'000;

 private:
  void Add(Finding::Severity severity, const Place& place, std::string text, std::string hint);

  std::vector<std::string> type_names_, referable_, condition_names_, mapping_names_, resource_ids_;
  int suggestions_ = 200;
  long work_ = 4'000'000;
};

/// A text of a template inside a finding: in backquotes, printable, and not too long.
std::string Quoted(std::string_view text);

/// What a function gives, as far as a template tells.
enum class Gives { kScalar, kList, kAnything, kNothing };

/// The one entry of a function's map, {"Fn::Sub": …}; nullptr when the value is no function.
const Value::Entry* FunctionOf(const Value& value);
bool IsNoValue(const Value& value);
Gives ResultOf(const Value::Entry& function, const Context& context);

/// Whether there is a value: for a function, whether there always is one.
enum class Presence { kAbsent, kMaybe, kPresent };
Presence PresenceOf(const Value* value);

/// A scalar as CloudFormation turns it into text: "true", "5", "x"; nullptr for others. `buffer` may hold it.
const std::string* ScalarText(const Value& value, std::string& buffer);
/// The literal text under `key`, or nullptr: no function, no dynamic reference.
const std::string* LiteralOf(const Value* map, std::string_view key, std::string& buffer);
bool HasDynamicReference(std::string_view text);
/// Characters of UTF-8.
std::size_t CharacterCount(std::string_view text);
/// A whole number that the literal says, also as a text: nullopt for others.
std::optional<std::int64_t> WholeOf(const Value* value);
/// "true"/"false" as a literal or a text.
std::optional<bool> TruthOf(const Value* value);

// The parts, each in its own file.
void CheckSections(Context& context);    // check_sections.cc
void CheckParameters(Context& context);  // check_parameters.cc
void CheckOutputs(Context& context);     // check_sections.cc
void CheckFunctions(Context& context);   // check_functions.cc
void CheckCycles(Context& context);      // check_cycles.cc
void CheckResources(Context& context);   // check_resources.cc
void CheckProperties(Context& context, const ResourceInfo& resource, const Value& properties,
                     const Place& place);  // check_properties.cc
void CheckTags(Context& context, const ResourceInfo& resource, const Value& tags, const Place& place);  // check_tags.cc
/// What no schema says. `place` is that of the properties.
void CheckRules(Context& context, const ResourceInfo& resource, const Value& properties,
                const Place& place);                                                   // check_rules.cc
void CheckDatabase(Context& context, const Value& properties, const Place& place);     // check_database.cc
void CheckEnvironment(Context& context, const Value& properties, const Place& place);  // check_options.cc

/// A `${…}` of a Fn::Sub, but not `${!…}`.
struct SubName {
  std::string_view name;  ///< what stands between the braces
  bool valid = true;      ///< letters, digits, `.`, `_` and `:`
};
std::vector<SubName> SubNames(std::string_view text);

/// Where a function stands decides what it may be, and may refer to.
enum class Where { kConditions, kElsewhere };
void CheckRef(Context& context, const Place& place, std::string_view id, Where where);       // check_references.cc
void CheckGetAtt(Context& context, const Place& place, const Value& argument, Where where);  // check_references.cc
void CheckSub(Context& context, const Place& place, const Value& argument, Where where);     // check_references.cc
void CheckConditionName(Context& context, const Place& place, const Value& name);            // check_references.cc

}  // namespace perch::cfn
