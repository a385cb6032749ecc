#include "cli/guest_json.h"

#include "base/text.h"
#include "cli/json.h"

namespace perch::cli {
namespace {

std::optional<std::string> FromHex(const std::string& hex) {
  std::string escaped;
  if (hex.size() % 2) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 2) escaped += "%" + hex.substr(i, 2);
  return PercentDecode(escaped);
}

}  // namespace

std::string WordsJson(const std::vector<std::string>& words) {
  Value::List list;
  for (const std::string& word : words)
    list.push_back({Hex(word)});  // any bytes may be in an argument; JSON has only text
  return "{\"argv_hex\":" + CanonicalJson({std::move(list)}) + "}";
}

Result<std::vector<std::string>> ReadWordsJson(const std::string& json) {
  const Error wrong{.kind = ErrorKind::kUsage, .what = "the command to run cannot be read"};
  const Result<Value> value = ParseJson(json);
  const Value* list = value ? value->Find("argv_hex") : nullptr;
  if (!list || !list->AsList() || list->AsList()->empty()) return Fail(wrong);
  std::vector<std::string> words;
  for (const Value& item : *list->AsList()) {
    const std::optional<std::string> word = item.AsString() ? FromHex(*item.AsString()) : std::nullopt;
    if (!word) return Fail(wrong);
    words.push_back(*word);
  }
  return words;
}

std::string GuestJson(const local::GuestCommand& command) {
  local::Packer packer;
  command.guest.Pack(packer);
  return "{\"guest_hex\":\"" + Hex(packer.Take()) + "\"}";
}

Result<local::GuestCommand> ReadGuestJson(const std::string& json) {
  const Result<Value> value = ParseJson(json);
  if (!value) return Fail(value.error());
  const std::string bytes = FromHex(StringAt(*value, "guest_hex")).value_or("");
  local::Unpacker unpacker(bytes);
  local::GuestCommand command{.guest = local::Guest::Unpack(unpacker)};
  if (!unpacker.ok()) {
    return Fail(
        {.what = "perch serve sent a sandbox that this perch cannot read", .hint = "Are both of the same version?"});
  }
  return command;
}

}  // namespace perch::cli
