#include "config/yaml.h"

#include <gtest/gtest.h>

namespace perch::config {
namespace {

std::string ErrorOf(std::string_view text) {
  Diagnostics diagnostics("perch.yaml", text);
  ParseYaml(text, diagnostics);
  return diagnostics.empty() ? "" : diagnostics.ToError().Text();
}

Value Read(std::string_view text) {
  Diagnostics diagnostics("perch.yaml", text);
  const std::optional<Node> node = ParseYaml(text, diagnostics);
  EXPECT_TRUE(node && diagnostics.empty()) << diagnostics.ToError().Text();
  return node ? CoreValue(*node) : Value{};
}

TEST(Yaml, ScalarsMeanWhatTheCoreSchemaSays) {
  EXPECT_EQ(CanonicalJson(Read("[012, 0x1f, 0o17, -7, +3, 1.5, .5, 1e3, 1_000, 0b1]")),
            "[12,31,15,-7,3,1.5,0.5,1000,\"1_000\",\"0b1\"]");
  EXPECT_EQ(CanonicalJson(Read("[true, False, TRUE, tRue, yes, no, on, off, y]")),
            "[true,false,true,\"tRue\",\"yes\",\"no\",\"on\",\"off\",\"y\"]");
  EXPECT_EQ(CanonicalJson(Read("[null, ~, Null, nUll, '', \"null\", '12']")),
            "[null,null,null,\"nUll\",\"\",\"null\",\"12\"]");
  EXPECT_EQ(CanonicalJson(Read("[12:30, 2026-11-22, 1.2.3, 99999999999999999999, +, 0x, 1., 1e, --1, 0x-1]")),
            "[\"12:30\",\"2026-11-22\",\"1.2.3\",1e+20,\"+\",\"0x\",1,\"1e\",\"--1\",\"0x-1\"]");
}

TEST(Yaml, EveryNodeKnowsWhereItBegins) {
  const Value root = Read("a: 1\n\nlist:\n  - x\n  - {b: \"y\", cc: z}\n\"ä ö\": \"ü\"\n");
  EXPECT_EQ(root.Find("a")->at.Text(), "perch.yaml:1:4");
  EXPECT_EQ(root.Find("list")->at.Text(), "perch.yaml:4:3");
  const Value& inner = root.Find("list")->AsList()->at(1);
  EXPECT_EQ(inner.at.Text(), "perch.yaml:5:5");
  EXPECT_EQ(inner.Find("cc")->at.Text(), "perch.yaml:5:18");
  EXPECT_EQ(inner.AsMap()->at(1).key_at.Text(), "perch.yaml:5:14");
  EXPECT_EQ(root.Find("ä ö")->at.Text(), "perch.yaml:6:10") << "columns count bytes";
}

TEST(Yaml, PlacesAreRightWithWindowsLineEnds) {
  const Value root = Read("a: 1\r\nb:\r\n  c: 2\r\n");
  EXPECT_EQ(root.Find("b")->Find("c")->at.Text(), "perch.yaml:3:6");
}

TEST(Yaml, DuplicateKeysAreRefusedAtAnyDepth) {
  EXPECT_EQ(ErrorOf("a: 1\nb: {x: 1, x: 2}\na: 3\n"),
            "perch.yaml:2:11: `x` is here twice\n"
            "  2 | b: {x: 1, x: 2}\n"
            "    |           ^\n"
            "  hint: It is already at perch.yaml:2:5; remove one of them.\n"
            "perch.yaml:3:1: `a` is here twice\n"
            "  3 | a: 3\n"
            "    | ^\n"
            "  hint: It is already at perch.yaml:1:1; remove one of them.");
  EXPECT_EQ(ErrorOf("a: 1\n\"\\x61\": 2\n"),
            "perch.yaml:2:1: `a` is here twice\n"
            "  2 | \"\\x61\": 2\n"
            "    | ^^^^^^\n"
            "  hint: It is already at perch.yaml:1:1; remove one of them.");
}

TEST(Yaml, TabsInIndentationAreRefused) {
  EXPECT_EQ(ErrorOf("run:\n\tcommand: x\n"),
            "perch.yaml:2:1: a tab cannot be used for indentation\n"
            "  2 | \tcommand: x\n"
            "    | ^\n"
            "  hint: Use spaces instead.");
  EXPECT_NE(ErrorOf("run: {\n  \tcommand: x\n}\n").find("perch.yaml:2:3: a tab cannot be used for indentation"),
            std::string::npos);
}

TEST(Yaml, TabsInsideTextsAndBeforeCommentsAreFine) {
  EXPECT_EQ(CanonicalJson(Read("a: |\n  x\n  \ty\nb: 1\t# tab\nc: \"q\n\tr\"\n")),
            "{\"a\":\"x\\n\\u0009y\\n\",\"b\":1,\"c\":\"q r\"}");
}

TEST(Yaml, InvalidUtf8IsRefusedWithItsPlace) {
  EXPECT_EQ(ErrorOf("app: shop\nenv: {A: \"x\xffy\"}\n"),
            "perch.yaml:2:12: the byte 0xff is not valid UTF-8\n"
            "  2 | env: {A: \"x\\xffy\"}\n"
            "    |            ^^^^\n"
            "  hint: Save the file as UTF-8.");
  EXPECT_NE(ErrorOf("a: \xc3").find("perch.yaml:1:4: the byte 0xc3 is not valid UTF-8"), std::string::npos);
  EXPECT_NE(ErrorOf("a: \xed\xa0\x80").find("perch.yaml:1:4: the byte 0xed is not valid UTF-8"), std::string::npos);
  EXPECT_NE(ErrorOf("\xff\xfe"
                    "a")
                .find("perch.yaml:1:1: the byte 0xff is not valid UTF-8"),
            std::string::npos);
}

TEST(Yaml, CharactersThatHideThingsAreRefused) {
  EXPECT_NE(ErrorOf(std::string_view("a: b\0c", 6)).find("perch.yaml:1:5: the byte 0x00 is a control character"),
            std::string::npos);
  EXPECT_NE(ErrorOf("a: 1\rb: 2\n").find("perch.yaml:1:5: the byte 0x0d is a control character"), std::string::npos);
  EXPECT_NE(ErrorOf("# x\xe2\x80\xa8"
                    "app: evil\n")
                .find("perch.yaml:1:4: there is an invisible line break"),
            std::string::npos);
  EXPECT_NE(ErrorOf("\xef\xbb\xbf"
                    "a: 1\n")
                .find("perch.yaml:1:1: the file begins with a byte order mark"),
            std::string::npos);
}

TEST(Yaml, AnchorsAliasesTagsAndMergeKeysAreRefusedAllAtOnce) {
  EXPECT_EQ(ErrorOf("a: &x {k: 1}\nb: *x\nc: {<<: *x}\nd: !!str 1\n"),
            "perch.yaml:1:4: anchors (`&name`) are not supported\n"
            "  1 | a: &x {k: 1}\n"
            "    |    ^^\n"
            "  hint: Remove it; profiles share settings with `extends`.\n"
            "perch.yaml:2:4: aliases (`*name`) are not supported\n"
            "  2 | b: *x\n"
            "    |    ^^\n"
            "  hint: Write the value again, or let a profile inherit it with `extends`.\n"
            "perch.yaml:3:5: merge keys (`<<`) are not supported\n"
            "  3 | c: {<<: *x}\n"
            "    |     ^^\n"
            "  hint: Let a profile inherit with `extends`.\n"
            "perch.yaml:3:9: aliases (`*name`) are not supported\n"
            "  3 | c: {<<: *x}\n"
            "    |         ^^\n"
            "  hint: Write the value again, or let a profile inherit it with `extends`.\n"
            "perch.yaml:4:4: there is no tag `!!str`\n"
            "  4 | d: !!str 1\n"
            "    |    ^^^^^\n"
            "  hint: Remove it; perch knows the type of each key.");
}

TEST(Yaml, AnAliasBombIsOnlyARowOfErrors) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before = "*" + std::string(1, char(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += (i ? ", " : "") + before;
    bomb += "]\n";
  }
  const std::string error = ErrorOf(bomb);
  EXPECT_EQ(error.substr(0, 51), "perch.yaml:1:4: anchors (`&name`) are not supported");
  EXPECT_EQ(error.substr(error.rfind('\n') + 1), "perch.yaml: and 231 more");
}

TEST(Yaml, KeysMustBeTexts) {
  EXPECT_EQ(ErrorOf("1: a\n[x]: b\n? {a: b}\n: c\ntrue: d\n\"2\": e\n"),
            "perch.yaml:1:1: the key 1 is a number in YAML, not text\n"
            "  1 | 1: a\n"
            "    | ^\n"
            "  hint: Put it in quotes: \"1\".\n"
            "perch.yaml:2:1: a key must be text\n"
            "  2 | [x]: b\n"
            "    | ^\n"
            "  hint: Write `key: value`.\n"
            "perch.yaml:3:3: a key must be text\n"
            "  3 | ? {a: b}\n"
            "    |   ^\n"
            "  hint: Write `key: value`.\n"
            "perch.yaml:5:1: the key true is true or false in YAML, not text\n"
            "  5 | true: d\n"
            "    | ^^^^\n"
            "  hint: Put it in quotes: \"true\".");
}

TEST(Yaml, ASecondDocumentIsRefused) {
  EXPECT_EQ(ErrorOf("---\na: 1\n---\nb: 2\n"),
            "perch.yaml:3:1: a second document begins here\n"
            "  3 | ---\n"
            "    | ^^^\n"
            "  hint: The file is one document: remove the `---` line and what follows it.");
  EXPECT_EQ(ErrorOf("---\na: 1\n...\n"), "");
}

TEST(Yaml, SyntaxErrorsSayWhereAndWhatToDo) {
  EXPECT_EQ(ErrorOf("run: {command: x\ntest: y\n"),
            "perch.yaml:2:5: this is not valid YAML: did not find expected ',' or '}'\n"
            "  2 | test: y\n"
            "    |     ^\n"
            "  while parsing a flow mapping that begins at perch.yaml:1:6\n"
            "  hint: A bracket is not closed, or a comma is missing.");
  EXPECT_EQ(ErrorOf("run: a: b\n"),
            "perch.yaml:1:7: this is not valid YAML: mapping values are not allowed in this context\n"
            "  1 | run: a: b\n"
            "    |       ^\n"
            "  hint: A value that holds `: ` needs quotes; or the indentation of this line is wrong.");
}

TEST(Yaml, WhatIsTooLargeIsRefused) {
  EXPECT_EQ(ErrorOf(std::string(10 << 20, '#')),
            "perch.yaml: the file is larger than 1 MiB\n  hint: Is this really a perch.yaml?");
  EXPECT_EQ(ErrorOf(std::string(33, '[') + std::string(33, ']')),
            "perch.yaml:1:33: this is nested more than 32 levels deep\n"
            "  1 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
            "    |                                 ^\n"
            "  hint: No file that perch reads needs that.");
  EXPECT_NE(ErrorOf(std::string(1 << 20, '[')).find("nested more than 32"), std::string::npos);
  std::string list = "[";
  for (int i = 0; i < 1001; ++i) list += "x,";
  EXPECT_NE(ErrorOf(list + "]").find("perch.yaml:1:1: this has more than 1000 entries"), std::string::npos);
}

TEST(Yaml, AnEmptyFileIsNothing) {
  EXPECT_TRUE(Read("").IsNull());
  EXPECT_TRUE(Read("# only a comment\n").IsNull());
}

TEST(Diagnostics, LongLinesAreCutAroundTheCaret) {
  const std::string line = "a: " + std::string(300, 'x') + " \"ä\" : y";
  const std::string error = ErrorOf(line);
  EXPECT_LT(error.size(), 600u);
  EXPECT_NE(error.find("…"), std::string::npos);
}

TEST(Diagnostics, CaretsStandRightBelowWideCharacters) {
  EXPECT_EQ(ErrorOf("{\"äöü\": 1, \"äöü\": 2}"),
            "perch.yaml:1:15: `äöü` is here twice\n"
            "  1 | {\"äöü\": 1, \"äöü\": 2}\n"
            "    |            ^^^^^\n"
            "  hint: It is already at perch.yaml:1:2; remove one of them.");
}

}  // namespace
}  // namespace perch::config
