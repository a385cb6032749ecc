#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "cfn/property_checker.h"

namespace perch::cfn {
namespace {

std::string NumberText(double number) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

/// What must not be repeated in a message.
bool IsSecret(const Place& place) {
  const std::string path = ToLower(place.Text());
  return path.find("password") != path.npos || path.find("secret") != path.npos || path.find("token") != path.npos;
}

}  // namespace

std::string PropertyChecker::KindNames(unsigned kinds) {
  constexpr std::pair<unsigned, std::string_view> kNames[] = {{kText, "a text"},      {kWhole, "a whole number"},
                                                              {kDecimal, "a number"}, {kTruth, "true or false"},
                                                              {kItems, "a list"},     {kFields, "a map"}};
  std::string text;
  for (const auto& [kind, name] : kNames) {
    if (kinds & kind) text += (text.empty() ? "" : " or ") + std::string(name);
  }
  return text;
}

std::string PropertyChecker::Described(const Place& place, const Value& value) {
  std::string buffer;
  const std::string* text = ScalarText(value, buffer);
  if (!text) return std::string(value.KindName());
  return IsSecret(place) ? "this text" : Quoted(*text);
}

std::optional<double> PropertyChecker::NumberOf(const Value& value) {
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value.data)) return double(*whole);
  if (const double* number = std::get_if<double>(&value.data)) return *number;
  const std::string* text = value.AsString();
  double number = 0;
  if (!text || text->empty() || text->size() > 64) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() && std::isfinite(number) ? std::optional(number)
                                                                                             : std::nullopt;
}

void PropertyChecker::Scalar(const SchemaNode& node, const Value& value, const std::string& text, const Place& place) {
  const auto is_choice = [&](const std::string& choice) {
    return choice == text || (node.choices_ignore_case && EqualsIgnoreCase(choice, text)) ||
           (TruthOf(&value) && EqualsIgnoreCase(choice, text));
  };
  if (!node.choices.empty() && std::none_of(node.choices.begin(), node.choices.end(), is_choice)) {
    const std::string all = node.choices.size() <= 24 ? "One of: " + Join(node.choices, ", ") + "." : "";
    return Error(place, Described(place, value) + " is no value of " + Name(place),
                 quiet_ ? "" : context_.Suggest(text, node.choices, all));
  }
  if (node.pattern) {
    const Pattern::Answer answer = node.pattern->Find(text);
    if (answer == Pattern::Answer::kUnknown) Unsure();
    if (answer == Pattern::Answer::kNotFound) {
      Error(place, Described(place, value) + " does not fit " + Name(place), "It must match " + node.pattern->text());
    }
  }
  if (node.least_length || node.most_length) {
    const std::size_t length = CharacterCount(text);
    const std::string has =
        Name(place) +
        (length == 0 ? " is empty" : " has " + std::to_string(length) + (length == 1 ? " character" : " characters"));
    if (node.least_length && length < *node.least_length) {
      Error(place, has + ", and needs at least " + std::to_string(*node.least_length));
    } else if (node.most_length && length > *node.most_length) {
      Error(place, has + ", and may have " + std::to_string(*node.most_length));
    }
  }
  if (!(node.minimum || node.maximum) || (node.kinds & kText)) return;
  const std::optional<double> number = NumberOf(value);
  if (number && node.minimum && *number < *node.minimum) {
    Error(place, Name(place) + " is " + NumberText(*number) + ", and " + NumberText(*node.minimum) + " is the least");
  } else if (number && node.maximum && *number > *node.maximum) {
    Error(place, Name(place) + " is " + NumberText(*number) + ", and " + NumberText(*node.maximum) + " is the most");
  }
}

}  // namespace perch::cfn
