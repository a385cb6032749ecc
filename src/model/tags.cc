#include "model/tags.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/text.h"

namespace perch {
namespace {

constexpr std::size_t kValueMax = 255;
constexpr std::size_t kRoom = kValueMax - 1;  // and kGoesOn
constexpr char kGoesOn = '=';                 // ends every part but the last; never the end of an escape
constexpr std::size_t kPartsMax = 10;
constexpr std::size_t kEscapeLength = 3;
constexpr std::string_view kApp = "perch:app";
constexpr std::string_view kBranch = "perch:branch";
constexpr std::string_view kOwner = "perch:owner";
constexpr std::string_view kProfile = "perch:profile";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_./+-@").contains(c);
}

std::string Escaped(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'=', kDigits[byte >> 4], kDigits[byte & 15]};
}

/// The values of as many tags as it takes. None begins or ends with a space, none ends inside an escape.
std::vector<std::string> Encode(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t used = parts.back().size();
    // A space stays one where something else certainly follows in the same part.
    const bool inner_space = text[i] == ' ' && used > 0 && i + 1 < text.size() && used + 1 + kEscapeLength <= kRoom;
    const std::string unit = IsPlain(text[i]) || inner_space ? std::string(1, text[i]) : Escaped(text[i]);
    if (used + unit.size() > kRoom) {
      parts.back() += kGoesOn;
      parts.emplace_back();
      --i;  // at a part's beginning it may be written in another way
      continue;
    }
    parts.back() += unit;
  }
  return parts;
}

/// nullopt for a broken escape.
std::optional<std::string> Decode(std::string_view value) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '=') {
      text += value[i];
      continue;
    }
    if (i + 2 >= value.size()) return std::nullopt;
    const int high = digit(value[i + 1]), low = digit(value[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += char(high * 16 + low);
    i += 2;
  }
  return text;
}

std::unexpected<Error> TooLong(std::string_view what, std::string_view text, std::size_t parts) {
  return Fail({.kind = ErrorKind::kRefused,
               .what = "the " + std::string(what) + " does not fit into AWS's tags",
               .where = Printable(text.substr(0, 60)) + (text.size() > 60 ? "…" : ""),
               .why = "its " + std::to_string(text.size()) + " bytes take more than " + std::to_string(parts) +
                      (parts == 1 ? " tag of " : " tags of ") + std::to_string(kRoom) + " characters",
               .hint = "Give it a shorter name; letters and digits of ASCII take the least room."});
}

std::unexpected<Error> Broken(std::string why) {
  return Fail({.kind = ErrorKind::kRefused,
               .what = "the tags do not say which environment this is",
               .why = std::move(why),
               .hint = "Nothing is done to it. Put the tags back as they were, or delete it by hand."});
}

bool IsIdentityKey(std::string_view key) {
  return key == kApp || key == kBranch || key == kOwner || key == kProfile ||
         (key.starts_with(kBranch) && key.substr(kBranch.size()).starts_with('.'));
}

std::string PartKey(std::size_t number) {
  return std::string(kBranch) + (number == 1 ? "" : "." + std::to_string(number));
}

const std::string* Find(const std::vector<Tag>& tags, std::string_view key) {
  const auto at = std::find_if(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.first == key; });
  return at == tags.end() ? nullptr : &at->second;
}

}  // namespace

Result<std::vector<Tag>> TagsFor(const Identity& identity) {
  struct Field {
    std::string_view key, what;
    const std::string& value;
    std::size_t most_parts;
  };
  const Field fields[] = {{kApp, "app's name", identity.app, 1},
                          {kBranch, "branch's name", identity.branch, kPartsMax},
                          {kOwner, "owner's mark", identity.owner, 1},
                          {kProfile, "profile's name", identity.profile, 1}};
  std::vector<Tag> tags;
  for (const Field& field : fields) {
    if (field.value.empty()) {
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "an environment's tags cannot be written",
                   .why = "the " + std::string(field.what) + " is empty"});
    }
    std::vector<std::string> parts = Encode(field.value);
    if (parts.size() > field.most_parts) return TooLong(field.what, field.value, field.most_parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      tags.emplace_back(field.key == kBranch ? PartKey(i + 1) : std::string(field.key), std::move(parts[i]));
    }
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

Result<std::optional<Identity>> IdentityFrom(const std::vector<Tag>& tags) {
  std::vector<Tag> own;
  std::copy_if(tags.begin(), tags.end(), std::back_inserter(own),
               [](const Tag& tag) { return IsIdentityKey(tag.first); });
  if (own.empty()) return std::nullopt;
  std::sort(own.begin(), own.end());
  for (std::size_t i = 1; i < own.size(); ++i) {
    if (own[i].first == own[i - 1].first) return Broken("'" + Printable(own[i].first) + "' is there twice");
  }
  Identity identity{.owner = ""};
  const auto read = [&](std::string_view key, std::string& text, bool* goes_on = nullptr) -> Status {
    const std::string* value = Find(own, key);
    if (!value) return Broken("'" + std::string(key) + "' is missing");
    std::string_view encoded = *value;
    if (goes_on) *goes_on = encoded.ends_with(kGoesOn);
    if (goes_on && *goes_on) encoded.remove_suffix(1);
    const std::optional<std::string> decoded = Decode(encoded);
    if (!decoded || decoded->empty()) {
      return Broken("'" + std::string(key) + "' holds '" + Printable(*value) + "', which perch does not write");
    }
    text += *decoded;
    return {};
  };
  if (const Status app = read(kApp, identity.app); !app) return std::unexpected(app.error());
  if (const Status profile = read(kProfile, identity.profile); !profile) return std::unexpected(profile.error());
  if (const Status owner = read(kOwner, identity.owner); !owner) return std::unexpected(owner.error());
  if (identity.owner != kOwnerMark) {
    return Broken("'" + std::string(kOwner) + "' is '" + Printable(identity.owner) + "', not '" +
                  std::string(kOwnerMark) + "'");
  }
  bool goes_on = true;
  for (std::size_t number = 1; goes_on; ++number) {
    if (const Status part = read(PartKey(number), identity.branch, &goes_on); !part) {
      return std::unexpected(part.error());
    }
  }
  // One spelling for each identity: anything else was not written by perch.
  const Result<std::vector<Tag>> again = TagsFor(identity);
  if (!again) return Broken("they name a branch of " + std::to_string(identity.branch.size()) + " bytes");
  if (*again != own) return Broken("they are not written the way perch writes them");
  return identity;
}

}  // namespace perch
