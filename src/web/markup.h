#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace perch::web {

/// Text that is HTML already. Made only by Fill and by constants, so that nothing from outside gets in unescaped.
class Markup {
 public:
  Markup() = default;
  explicit Markup(std::string html) : html_(std::move(html)) {}
  const std::string& html() const { return html_; }
  bool empty() const { return html_.empty(); }
  Markup& operator+=(const Markup& more) {
    html_ += more.html_;
    return *this;
  }

 private:
  std::string html_;
};

/// What stands for `{name}`: plain text is escaped, Markup is not.
struct Slot {
  std::string_view name;
  std::variant<std::string, Markup> value;
};

/// Replaces each `{name}` of `pattern` by its slot. Attribute values in the pattern must stand in double quotes. A
/// `{name}` without a slot is a bug (assert) and becomes nothing. Invalid UTF-8 and control characters become U+FFFD.
Markup Fill(std::string_view pattern, std::initializer_list<Slot> slots);

/// One text, escaped. Directions that a hostile name could turn around (U+202E and its kin) become U+FFFD.
Markup Escape(std::string_view text);

/// The URL if it is http or https with a host and nothing that could leave an attribute; "" otherwise.
std::string SafeUrl(std::string_view url);

/// For a person: valid UTF-8 without control or direction-changing characters; at most `limit` bytes, cut with "…".
std::string Tidy(std::string_view text, std::size_t limit = 300);

}  // namespace perch::web
