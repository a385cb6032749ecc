#include "base/value.h"

#include <gtest/gtest.h>

namespace perch {
namespace {

TEST(Value, CanonicalJsonDoesNotDependOnOrder) {
  const Value a{Value::Map{{"b", Value{std::int64_t(1)}}, {"a", Value{Value::List{Value{true}, Value{}}}}}};
  const Value b{Value::Map{{"a", Value{Value::List{Value{true}, Value{}}}}, {"b", Value{std::int64_t(1)}}}};
  EXPECT_EQ(CanonicalJson(a), R"({"a":[true,null],"b":1})");
  EXPECT_EQ(CanonicalJson(a), CanonicalJson(b));
}

TEST(Value, JsonStringsAreSafe) {
  EXPECT_EQ(JsonString("a\"\\\n\x01"), R"("a\"\\\n\u0001")");
  EXPECT_EQ(JsonString("\xc3\xa4\xf0\x9f\x90\xa6z"), "\"\xc3\xa4\xf0\x9f\x90\xa6z\"");
  EXPECT_EQ(JsonString("a\xff"
                       "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
}

TEST(Value, FindLooksOnlyIntoMaps) {
  EXPECT_EQ(Value{std::string("x")}.Find("x"), nullptr);
  const Value map{Value::Map{{"x", Value{true}}}};
  EXPECT_NE(map.Find("x"), nullptr);
  EXPECT_EQ(map.Find("y"), nullptr);
}

}  // namespace
}  // namespace perch
