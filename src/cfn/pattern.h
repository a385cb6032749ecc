#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace perch::cfn {

/// A regular expression of a JSON schema (ECMA-262 as registries use it), matched in time linear in the subject: a
/// schema or a template that somebody else wrote can make neither a hang nor a deep recursion. No back-references; \p
/// classes take any letter that is not ASCII.
class Pattern {
 public:
  /// nullopt for what is not understood, or is too large (`kMostStates`).
  static std::optional<Pattern> Compile(std::string_view pattern);

  /// Whether the pattern is found in `subject` (UTF-8). A subject of more than kLongestSubject bytes always matches.
  bool Matches(std::string_view subject) const;

  /// A measure of the memory it takes.
  std::size_t states() const;

  static constexpr std::size_t kLongestSubject = 1024;
  static constexpr std::size_t kMostStates = 5000;

  struct Range {
    char32_t first, last;
  };
  struct Class {
    std::vector<Range> ranges;
    bool negated = false;
    bool unicode = false;  ///< takes, or leaves out, what is not ASCII by a property that is not looked up
    bool Has(char32_t c) const;
  };
  struct State {
    enum class Kind { kClass, kSplit, kStart, kEnd, kMatch } kind;
    std::uint32_t index = 0;  ///< of the class
    std::int32_t next = -1, other = -1;
  };
  struct Program {
    std::vector<State> states;
    std::vector<Class> classes;
    std::int32_t start = 0;
    bool anchored = false;  ///< tried at the subject's start only
    bool negated = false;   ///< a negative look-ahead
  };

 private:
  std::vector<Program> programs_;  ///< all must hold: look-aheads at the start, then the pattern itself
};

}  // namespace perch::cfn
