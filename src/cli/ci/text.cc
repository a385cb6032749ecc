#include "cli/ci/text.h"

#include "base/text.h"
#include "base/value.h"

namespace perch::cli::ci {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

/// The name between two '@' that begin at `at`; "" when there is none.
std::string_view NameAt(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", at + 1);
  return end != text.npos && text[end] == '@' ? text.substr(at + 1, end - at - 1) : "";
}

std::string FillLine(std::string_view line, const Values& values) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view name = line[at] == '@' ? NameAt(line, at) : "";
    const auto value = values.find(name);
    if (name.empty() || value == values.end()) {
      out += line[at++];
    } else {
      out += value->second;
      at += name.size() + 2;
    }
  }
  return out;
}

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         (c & 0x80);
}

}  // namespace

std::string Fill(std::string_view text, const Values& values) {
  std::string out;
  for (const std::string& line : Lines(text)) {
    const std::string_view alone = Trim(line);
    const std::string_view name = alone.starts_with('@') ? NameAt(alone, 0) : "";
    const auto block = values.find(name);
    if (name.empty() || name.size() + 2 != alone.size() || block == values.end()) {
      out += FillLine(line, values) + "\n";
      continue;
    }
    const std::string indentation = line.substr(0, line.find('@'));
    for (const std::string& inner : Lines(block->second)) out += inner.empty() ? "\n" : indentation + inner + "\n";
  }
  return out;
}

std::string ShellWord(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string RegexOf(std::string_view pattern) {
  std::string out = "/^";
  for (const char c : pattern) {
    if (c == '*') {
      out += ".*";
    } else if (c == '?') {
      out += '.';
    } else {
      if (!IsWord(c)) out += '\\';
      out += c;
    }
  }
  return out + "$/";
}

std::string GitHubFilterOf(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '*') {
      out += "**";
    } else {
      if (std::string_view("?+[]!\\").contains(c)) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string FlowList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(JsonString(text));
  return "[" + Join(quoted, ", ") + "]";
}

}  // namespace perch::cli::ci
