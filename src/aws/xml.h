#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "aws/failure.h"

namespace perch::aws {

/// Parses AWS's XML into `document`; a body that is not well-formed, or whose root is not `root` ("" for any), is a
/// failure: it was cut.
Answer<void> ParseXml(const std::string& body, std::string_view root, pugi::xml_document& document);

/// The text of a child; "" if it is absent.
std::string TextOf(const pugi::xml_node& node, const char* child);
inline bool TrueIn(const pugi::xml_node& node, const char* child) { return TextOf(node, child) == "true"; }

/// Text as XML content.
std::string EscapeXml(std::string_view text);

/// Failure for an answer that has not what it must have.
std::unexpected<Failure> Unreadable(std::string why);

}  // namespace perch::aws
