#include "cli/views.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/json.h"

namespace perch::cli {
namespace {

std::vector<std::string> Shown(const std::string& views) {
  const Result<Value> parsed = ParseJson(views);
  ::testing::internal::CaptureStdout();
  PrintViews(parsed.value());
  return Lines(::testing::internal::GetCapturedStdout());
}

TEST(Views, AFailedBranchSaysWhyAlsoWhenItsLinkStillWorks) {
  const std::vector<std::string> shown = Shown(
      R"([{"branch":"a","state":"failed","profile":"branch","url":"http://a.localhost","reason":"the tests failed"},)"
      R"({"branch":"b","state":"failed","profile":"branch","serving_commit":"0123456789","url":"http://b.localhost","reason":"the tests failed\n  hint"},)"
      R"({"branch":"c","state":"ready","profile":"branch","serving_commit":"abcdef0123","url":"http://c.localhost","reason":"x"}])");
  EXPECT_EQ(shown, (std::vector<std::string>{
                       "branch  state   profile  shows    link",
                       "a       failed  branch   -        the tests failed",
                       "b       failed  branch   0123456  http://b.localhost  the tests failed …",
                       "c       ready   branch   abcdef0  http://c.localhost",
                   }));
}

TEST(Views, NoneIsASentence) {
  EXPECT_EQ(Shown("[]"), std::vector<std::string>{"No branches yet. Push one, and it will be here."});
}

}  // namespace
}  // namespace perch::cli
