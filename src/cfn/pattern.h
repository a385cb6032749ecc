#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace perch::cfn {

/// A regular expression of a JSON schema (ECMA-262 as registries use it), run by PCRE2. It is compiled when first
/// asked; copies share what was compiled. Limits of size, steps and memory end what somebody else's pattern or text
/// could begin: the answer is then that it cannot be told. Thread-safe.
class Pattern {
 public:
  explicit Pattern(std::string_view text);

  enum class Answer { kFound, kNotFound, kUnknown };

  /// Whether it is found in `subject` (UTF-8). Unknown for a pattern that is not understood, a subject that is no
  /// UTF-8 or longer than kLongestSubject, and, from then on, where a limit was hit.
  Answer Find(std::string_view subject) const;

  /// Whether it may be found: anything but kNotFound.
  bool Matches(std::string_view subject) const { return Find(subject) != Answer::kNotFound; }

  const std::string& text() const;

  static constexpr std::size_t kLongestText = 4096;     ///< bytes of the pattern
  static constexpr std::size_t kLongestSubject = 1024;  ///< bytes
  static constexpr std::size_t kMostCompiled = 64'000;  ///< bytes

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace perch::cfn
