#include "cfn/print.h"

#include <gtest/gtest.h>

#include "cfn/expression.h"

namespace perch::cfn {
namespace {

TEST(PrintYaml, QuotesWhatAnyReaderCouldTakeForSomethingElse) {
  const Json document = Object({{"Plain", "a b/c_d:e (f)"},
                                {"Yes", "yes"},
                                {"Number", "0.5"},
                                {"Date", "2010-09-09"},
                                {"Colon", "a: b"},
                                {"Hash", "a #b"},
                                {"Empty", ""},
                                {"Lines", "one\ntwo"},
                                {"Real", 5},
                                {"True", true},
                                {"List", List({"a", List({}), Object({})})},
                                {"*", "star"}});
  EXPECT_EQ(PrintYaml(document.value()), R"(Plain: a b/c_d:e (f)
"Yes": "yes"
Number: "0.5"
Date: "2010-09-09"
Colon: "a: b"
Hash: "a #b"
Empty: ""
Lines: "one\ntwo"
Real: 5
"True": true
List:
- a
- []
- {}
"*": star
)");
}

TEST(PrintYaml, LongTextsStayOnOneLine) {
  const std::string text(500, 'x');
  EXPECT_EQ(PrintYaml(Object({{"Key", text + " " + text}}).value()), "Key: " + text + " " + text + "\n");
}

TEST(PrintJson, KeepsTheOrderOfKeysAndEscapes) {
  EXPECT_EQ(PrintCompactJson(Object({{"b", "\"\n\xff"}, {"a", List({})}, {"c", Object({})}}).value()),
            R"({"b":"\"\n)"
            "\xef\xbf\xbd"
            R"(","a":[],"c":{}})");
}

}  // namespace
}  // namespace perch::cfn
