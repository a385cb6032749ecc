#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace perch {

/// A text that many values have in common, such as the name of the file they stand in. Copies share it, and an empty
/// one costs nothing: trees of values have one in each node. Never changes.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text)  // NOLINT: it is a text
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}  // NOLINT: likewise

  const std::string& str() const { return text_ ? *text_ : Nothing(); }
  operator const std::string&() const { return str(); }  // NOLINT: likewise
  bool empty() const { return !text_; }
  bool starts_with(std::string_view beginning) const { return str().starts_with(beginning); }

  friend bool operator==(const SharedText& a, const SharedText& b) { return a.text_ == b.text_ || a.str() == b.str(); }
  friend bool operator==(const SharedText& a, std::string_view b) { return a.str() == b; }
  friend bool operator==(const SharedText& a, const std::string& b) { return a.str() == b; }
  friend bool operator==(const SharedText& a, const char* b) { return a.str() == b; }
  friend auto operator<=>(const SharedText& a, const SharedText& b) { return a.str() <=> b.str(); }
  friend std::string operator+(const SharedText& a, const std::string& b) { return a.str() + b; }
  friend std::string operator+(const std::string& a, const SharedText& b) { return a + b.str(); }

 private:
  static const std::string& Nothing() {
    static const std::string kNothing;
    return kNothing;
  }
  std::shared_ptr<const std::string> text_;
};

}  // namespace perch
