#define PCRE2_CODE_UNIT_WIDTH 8
#include "cfn/pattern.h"

#include <pcre2.h>

#include <atomic>
#include <mutex>

namespace perch::cfn {
namespace {

// A match of 1,024 bytes with these takes a tenth of a second at worst; the registry's own patterns take a few
// hundred steps.
constexpr std::uint32_t kMostSteps = 50'000;
constexpr std::uint32_t kDeepestStep = 10'000;
constexpr std::uint32_t kMostKibibytes = 4096;
constexpr std::uint32_t kDeepestGroup = 50;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;

/// How ECMA-262 reads it, where that differs: \d and \w are of ASCII (no PCRE2_UCP), \uXXXX is a character, `$` is the
/// very end.
Code Compiled(const std::string& text) {
  if (text.size() > Pattern::kLongestText) return nullptr;
  const CompileContext context(pcre2_compile_context_create(nullptr));
  if (!context) return nullptr;
  pcre2_set_compile_extra_options(context.get(), PCRE2_EXTRA_ALT_BSUX);
  pcre2_set_parens_nest_limit(context.get(), kDeepestGroup);
  int error = 0;
  std::size_t at = 0;
  Code code(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
      PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C, &error,
      &at, context.get()));
  std::size_t size = 0;
  if (!code || pcre2_pattern_info(code.get(), PCRE2_INFO_SIZE, &size) != 0 || size > Pattern::kMostCompiled) {
    return nullptr;
  }
  return code;
}

int Match(const pcre2_code* code, std::string_view subject) {
  // One pair of them for each thread: making them costs more than most matches.
  thread_local const MatchContext context = [] {
    MatchContext made(pcre2_match_context_create(nullptr));
    if (!made) return made;
    pcre2_set_match_limit(made.get(), kMostSteps);
    pcre2_set_depth_limit(made.get(), kDeepestStep);
    pcre2_set_heap_limit(made.get(), kMostKibibytes);
    return made;
  }();
  thread_local const MatchData data(pcre2_match_data_create(1, nullptr));
  if (!context || !data) return PCRE2_ERROR_NOMEMORY;
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, 0, data.get(),
                     context.get());
}

}  // namespace

struct Pattern::State {
  std::string text;
  std::once_flag once{};
  Code code{};
  std::atomic<bool> limit_hit = false;
};

Pattern::Pattern(std::string_view text) : state_(std::make_shared<State>(std::string(text))) {}

Pattern::Answer Pattern::Find(std::string_view subject) const {
  std::call_once(state_->once, [&] { state_->code = Compiled(state_->text); });
  if (!state_->code || state_->limit_hit || subject.size() > kLongestSubject) return Answer::kUnknown;
  const int result = Match(state_->code.get(), subject);
  if (result >= 0) return Answer::kFound;
  if (result == PCRE2_ERROR_NOMATCH) return Answer::kNotFound;
  // A pattern that hits a limit is not tried on every text of a template.
  state_->limit_hit = result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT ||
                      result == PCRE2_ERROR_HEAPLIMIT || result == PCRE2_ERROR_NOMEMORY;
  return Answer::kUnknown;
}

const std::string& Pattern::text() const { return state_->text; }

}  // namespace perch::cfn
