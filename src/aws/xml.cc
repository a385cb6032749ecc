#include "aws/xml.h"

#include "base/text.h"

namespace perch::aws {

std::unexpected<Failure> Unreadable(std::string why) {
  return Failed({.outcome = Outcome::kRetry,
                 .cause = Cause::kNoConnection,
                 .message = "the answer can't be read: " + std::move(why)});
}

Answer<void> ParseXml(const std::string& body, std::string_view root, pugi::xml_document& document) {
  // parse_ws_pcdata_single: a value of only spaces is a value. DTDs are skipped, entities of them stay text.
  const pugi::xml_parse_result parsed =
      document.load_buffer(body.data(), body.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) return Unreadable(std::string(parsed.description()) + " at byte " + std::to_string(parsed.offset));
  const pugi::xml_node first = document.document_element();
  if (!first) return Unreadable("it is empty");
  if (!root.empty() && root != first.name()) {
    return Unreadable("it is a <" + Printable(first.name()) + "> and not a <" + std::string(root) + ">");
  }
  return {};
}

std::string TextOf(const pugi::xml_node& node, const char* child) { return node.child(child).text().get(); }

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\r':
        escaped += "&#13;";
        break;
      case '\n':
        escaped += "&#10;";
        break;
      case '\t':
        escaped += "&#9;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace perch::aws
