#include "local/wire.h"

#include <cstring>

namespace perch::local {

Packer& Packer::Add(std::int64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes_.append(raw, sizeof raw);
  return *this;
}

Packer& Packer::Add(std::string_view text) {
  Add(std::int64_t(text.size()));
  bytes_ += text;
  return *this;
}

Packer& Packer::Add(const std::vector<std::string>& texts) {
  Add(std::int64_t(texts.size()));
  for (const std::string& text : texts) Add(std::string_view(text));
  return *this;
}

Packer& Packer::Add(const std::map<std::string, std::string>& pairs) {
  Add(std::int64_t(pairs.size()));
  for (const auto& [key, value] : pairs) Add(std::string_view(key)).Add(std::string_view(value));
  return *this;
}

std::int64_t Unpacker::Number() {
  std::int64_t number = 0;
  if (bytes_.size() < sizeof number) {
    ok_ = false;
    bytes_ = {};
    return 0;
  }
  std::memcpy(&number, bytes_.data(), sizeof number);
  bytes_.remove_prefix(sizeof number);
  return number;
}

std::string Unpacker::Text() {
  const std::int64_t size = Number();
  if (size < 0 || std::uint64_t(size) > bytes_.size()) {
    ok_ = false;
    bytes_ = {};
    return "";
  }
  std::string text(bytes_.substr(0, std::size_t(size)));
  bytes_.remove_prefix(std::size_t(size));
  return text;
}

std::vector<std::string> Unpacker::Texts() {
  std::vector<std::string> texts;
  for (std::int64_t left = Number(); left > 0 && ok_; --left) texts.push_back(Text());
  return texts;
}

std::map<std::string, std::string> Unpacker::Pairs() {
  std::map<std::string, std::string> pairs;
  for (std::int64_t left = Number(); left > 0 && ok_; --left) {
    std::string key = Text();
    pairs[std::move(key)] = Text();
  }
  return pairs;
}

}  // namespace perch::local
