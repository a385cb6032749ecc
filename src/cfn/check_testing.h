#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cfn/check.h"

/// For tests of the checker: templates as JSON texts, findings as lines.
namespace perch::cfn {

inline Value FromJson(const boost::json::value& json) {
  Value value;
  if (const boost::json::object* object = json.if_object()) {
    Value::Map map;
    for (const auto& [key, nested] : *object) map.push_back({std::string(key), FromJson(nested)});
    value.data = std::move(map);
  } else if (const boost::json::array* array = json.if_array()) {
    Value::List list;
    for (const boost::json::value& item : *array) list.push_back(FromJson(item));
    value.data = std::move(list);
  } else if (const boost::json::string* text = json.if_string()) {
    value.data = std::string(text->data(), text->size());
  } else if (const bool* truth = json.if_bool()) {
    value.data = *truth;
  } else if (const std::int64_t* whole = json.if_int64()) {
    value.data = *whole;
  } else if (json.is_number()) {
    value.data = json.to_number<double>();
  }
  return value;
}

/// JSON in which ' stood for ".
inline std::string WithQuotes(std::string text) {
  for (char& c : text) c = c == '\'' ? '"' : c;
  return text;
}
inline Value Parsed(const std::string& text) { return FromJson(boost::json::parse(WithQuotes(text))); }

/// "error Resources.A: text | hint"
inline std::string Line(const Finding& finding) {
  constexpr std::string_view kNames[] = {"error", "warning", "notice"};
  return std::string(kNames[int(finding.severity)]) + " " + finding.path + ": " + finding.text +
         (finding.hint.empty() ? "" : " | " + finding.hint);
}

inline std::vector<std::string> Lines(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings) lines.push_back(Line(finding));
  return lines;
}

inline const Schemas& Known() {
  static const Schemas kSchemas;
  return kSchemas;
}

inline std::vector<std::string> CheckText(const std::string& text, const Schemas& schemas = Known()) {
  return Lines(Check(Parsed(text), schemas));
}

/// One thing wrong with a template, and what is said of it: nothing, or a line for each finding.
struct CheckCase {
  std::string name;
  std::string text;
  std::vector<std::string> findings;
};

/// Writes the case into the folder $PERCH_DUMP_CASES, if that is set: tests/templates/refused.py gives it to cfn-lint.
inline void Dump(const CheckCase& c) {
  static int number = 0;
  const char* folder = std::getenv("PERCH_DUMP_CASES");
  if (!folder) return;
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  boost::json::object json{{"name", std::string(test->test_suite_name()) + "." + test->name() + ": " + c.name},
                           {"document", WithQuotes(c.text)},
                           {"findings", boost::json::array(c.findings.begin(), c.findings.end())}};
  std::ofstream(std::string(folder) + "/" + std::to_string(++number) + ".json") << json;
}

inline void Expect(const std::vector<CheckCase>& cases) {
  for (const CheckCase& c : cases) {
    EXPECT_EQ(CheckText(c.text), c.findings) << c.name;
    Dump(c);
  }
}

/// A template with one resource, R, of the type.
inline std::string Resource(std::string_view type, std::string_view properties, std::string_view attributes = "") {
  return "{'Resources': {'R': {'Type': '" + std::string(type) + "', 'Properties': {" + std::string(properties) + "}" +
         std::string(attributes) + "}}}";
}

}  // namespace perch::cfn
