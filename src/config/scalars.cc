#include "config/scalars.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace perch::config {
namespace {

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool AllOf(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return IsAlnum(c) || also.find(c) != also.npos; });
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string WhyNoHostName(std::string_view text) {
  if (text.find("://") != text.npos || text.find(':') != text.npos) {
    return "must be a host name alone, without a scheme or a port";
  }
  if (text.size() > 190) return "must be at most 190 characters long, so that branches fit before it";  // RFC 1035: 253
  for (const std::string& label : Split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' || !AllOf(label, "-")) {
      return "must be a host name: letters, digits and '-', in parts between dots";
    }
  }
  return "";
}

std::string WhyNoRelativePath(std::string_view text) {
  if (text.starts_with('/')) return "must be a path inside the code, without a leading '/'";
  for (const std::string& part : Split(text, '/')) {
    if (part == "..") return "must stay inside the code: '..' is not allowed";
    if (part.empty() || part == ".") return "must be a plain path such as var/cache, without '.', '//' or a final '/'";
  }
  return "";
}

std::string WhyNoAbsolutePath(std::string_view text) {
  if (!text.starts_with('/')) return "must be an absolute path, beginning with '/'";
  for (const std::string& part : Split(text, '/')) {
    if (part == "..") return "must not hold '..'";
  }
  return "";
}

std::string WhyNoVariable(std::string_view text) {
  const bool fits = AllOf(text, "_") && !std::isdigit(static_cast<unsigned char>(text[0]));
  return fits ? "" : "must be the name of an environment variable: letters, digits and '_', no digit first";
}

}  // namespace

bool IsPerchsVariable(std::string_view name) {
  return name == "PORT" || name == "HOST" || name == "DATABASE_URL" || name == "BUCKET_DIR" ||
         name.starts_with("PERCH_");
}

std::string WhyNot(Field::Type type, std::string_view text) {
  using Type = Field::Type;
  if (text.find('\0') != text.npos) return "must not hold a NUL character";
  if (type == Type::kValue) return "";
  if (Trim(text).empty()) return "must not be empty";
  if (type == Type::kCommand) return "";
  if (HasControl(text)) return "must not hold line ends or control characters";
  switch (type) {
    case Type::kName:
      if (text.size() > 63 || !AllOf(text, "._-") || !IsAlnum(text[0])) {
        return "must be a name of at most 63 letters, digits, '.', '_' or '-', a letter or digit first";
      }
      return "";
    case Type::kProfileName:
      if (text.size() > 63 || !AllOf(text, "_-") || !IsAlnum(text[0])) {
        return "must be a name of at most 63 letters, digits, '_' or '-', a letter or digit first";
      }
      return "";
    case Type::kHostName:
      return WhyNoHostName(text);
    case Type::kUrlPath:
      if (!text.starts_with('/')) return "must begin with '/'";
      return text.find_first_of(" #\\") != text.npos
                 ? "must be a path as it stands in a URL, without spaces, '#' or '\\'"
                 : "";
    case Type::kRelativePath:
      return WhyNoRelativePath(text);
    case Type::kAbsolutePath:
      return WhyNoAbsolutePath(text);
    case Type::kVariableName:
      return WhyNoVariable(text);
    case Type::kText:
      return text.starts_with('-') ? "must not begin with '-'" : "";  // it may become a program's argument
    default:
      return "";
  }
}

}  // namespace perch::config
