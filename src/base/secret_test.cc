#include "base/secret.h"

#include <gtest/gtest.h>

namespace perch {
namespace {

std::shared_ptr<Redactor> Knows(std::initializer_list<const char*> values) {
  auto redactor = std::make_shared<Redactor>();
  for (const char* value : values) redactor->Add(Secret(value));
  return redactor;
}

TEST(Redactor, MasksEveryOccurrence) { EXPECT_EQ(Knows({"s3cret"})->Mask("a s3cret, s3crets3cret"), "a ***, ******"); }

TEST(Redactor, MasksTheLongerOfTwoNestedValues) {
  EXPECT_EQ(Knows({"pass", "password1"})->Mask("password1 pass"), "*** ***");
}

TEST(Redactor, LeavesTinyValuesAlone) { EXPECT_EQ(Knows({"a"})->Mask("banana"), "banana"); }

TEST(StreamMask, FindsASecretCutAnywhere) {
  const std::string text = "x s3cret y";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    StreamMask mask(Knows({"s3cret"}));
    std::string shown = mask.Feed(text.substr(0, cut));
    shown += mask.Feed(text.substr(cut));
    shown += mask.Finish();
    EXPECT_EQ(shown, "x *** y") << cut;
  }
}

TEST(StreamMask, HidesAValueThatBeginsLikeAnotherOrReachesIntoOne) {
  for (const std::string text : {"a abcdefgh b", "a abcd b", "a xyabcd b", "xyabxyabcdef"}) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      StreamMask mask(Knows({"abcd", "abcdefgh", "xyab"}));
      const std::string shown = mask.Feed(text.substr(0, cut)) + mask.Feed(text.substr(cut)) + mask.Finish();
      for (const std::string value : {"abcd", "efgh", "xyab"}) EXPECT_EQ(shown.find(value), std::string::npos) << shown;
    }
  }
}

TEST(StreamMask, KeepsBackOnlyWhatCouldBeTheBeginningOfASecret) {
  StreamMask mask(Knows({"s3cret-and-very-long"}));
  EXPECT_EQ(mask.Feed("listening on s3"), "listening on ");
}

TEST(StreamMask, PassesTextThroughAtOnceWhenThereIsNothingToHide) {
  StreamMask mask(Knows({}));
  EXPECT_EQ(mask.Feed("hello"), "hello");
}

}  // namespace
}  // namespace perch
