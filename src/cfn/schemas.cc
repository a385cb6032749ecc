#include "cfn/schemas.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "cfn/known_types.h"
#include "cfn/resource_schema.h"

namespace perch::cfn {
namespace {

constexpr std::uint64_t kMostFileBytes = 4 << 20;

using Index = std::map<std::string, std::string_view, std::less<>>;

/// The lines of the embedded file by type; the schemas themselves stay unread.
Index KnownLines() {
  Index lines;
  std::string_view rest = KnownTypesText();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t colon = line.find("\":{");
    if (!line.starts_with('"') || colon == line.npos) continue;
    std::string_view schema = line.substr(colon + 2);
    if (schema.ends_with(',')) schema.remove_suffix(1);
    lines.emplace(line.substr(1, colon - 1), schema);
  }
  return lines;
}

bool IsTypeName(std::string_view type) {
  return !type.empty() && type.size() <= 255 &&
         std::all_of(type.begin(), type.end(), [](unsigned char c) { return std::isalnum(c) || c == ':'; });
}

/// "aws-sqs-queue.json" for AWS::SQS::Queue.
std::string PublishedName(std::string_view type) {
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (type.substr(i).starts_with("::")) {
      name += '-';
      ++i;
    } else {
      name += type[i];
    }
  }
  return ToLower(name) + ".json";
}

/// A line `    "AWS::SQS::Queue": "0123456789abcdef",` of cfn-lint's index.
bool IndexLine(std::string_view line, std::string& type, std::string& file) {
  const std::vector<std::string> parts = Split(line, '"');
  if (parts.size() != 5 || parts[2] != ": " || parts[4] != "," || !Trim(parts[0]).empty()) return false;
  const auto is_hexadecimal = [](unsigned char c) { return std::isdigit(c) || (c >= 'a' && c <= 'f'); };
  if (!IsTypeName(parts[1]) || parts[3].empty() || parts[3].size() > 64 ||
      !std::all_of(parts[3].begin(), parts[3].end(), is_hexadecimal)) {
    return false;
  }
  type = parts[1];
  file = parts[3] + ".json";
  return true;
}

}  // namespace

struct Schemas::State {
  enum class Layout { kNone, kPublished, kLint } layout = Layout::kNone;
  std::filesystem::path folder;                           ///< where the files are
  std::map<std::string, std::string, std::less<>> files;  ///< kLint: by type

  Index known = KnownLines();
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<ResourceSchema>, std::less<>>
      read;  ///< nullptr: there is none, or it is broken

  std::optional<std::filesystem::path> FileOf(std::string_view type) const {
    if (layout == Layout::kLint) {
      const auto file = files.find(type);
      return file == files.end() ? std::nullopt : std::optional(folder / file->second);
    }
    if (layout == Layout::kNone || !IsTypeName(type)) return std::nullopt;
    std::filesystem::path file = folder / PublishedName(type);
    std::error_code error;
    return std::filesystem::is_regular_file(file, error) ? std::optional(std::move(file)) : std::nullopt;
  }

  std::unique_ptr<ResourceSchema> Read(std::string_view type) const {
    Result<ResourceSchema> schema;
    if (const auto line = known.find(type); line != known.end()) {
      schema = ParseResourceSchema(line->second, type);
    } else {
      const std::optional<std::filesystem::path> file = FileOf(type);
      if (!file) return nullptr;
      const Result<std::string> text = ReadFile(*file, kMostFileBytes);
      if (!text) return nullptr;
      schema = ParseResourceSchema(*text, type);
    }
    return schema ? std::make_unique<ResourceSchema>(std::move(*schema)) : nullptr;
  }
};

Schemas::Schemas() : state_(std::make_unique<State>()) {}
Schemas::~Schemas() = default;
Schemas::Schemas(Schemas&&) noexcept = default;
Schemas& Schemas::operator=(Schemas&&) noexcept = default;

Result<Schemas> Schemas::WithFolder(const std::filesystem::path& folder, const std::string& region) {
  const auto fail = [&](const std::filesystem::path& where, std::string why, std::string hint) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use CloudFormation's schemas",
                 .where = Printable(where.string()),
                 .why = std::move(why),
                 .hint = std::move(hint)});
  };
  Schemas schemas;
  State& state = *schemas.state_;
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return fail(folder, "it is no folder", "Give the folder of the unpacked schemas.");
  }
  if (!std::filesystem::is_directory(folder / "providers", error)) {
    for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
      const std::string name = file->path().filename().string();
      if (!name.starts_with("aws-") || !name.ends_with(".json")) continue;
      state.layout = State::Layout::kPublished;
      state.folder = folder;
      return schemas;
    }
    return fail(folder, "there is no aws-….json and no providers/ in it",
                "Unpack CloudformationSchema.zip of AWS there, or give the data/schemas folder of cfn-lint.");
  }
  std::string name = region;
  std::replace(name.begin(), name.end(), '-', '_');
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  const std::filesystem::path index = folder / "providers" / ((plain ? name : "") + ".py");
  const Result<std::string> text = ReadFile(index, kMostFileBytes);
  if (!text) return fail(index, text.error().why, "Is `" + Printable(region) + "` a region that cfn-lint knows?");
  bool inside = false;
  int number = 0;
  for (const std::string& line : Lines(*text)) {
    ++number;
    std::string type, file;
    if (!inside) {
      inside = line.starts_with("types") && line.ends_with("{");
    } else if (line == "}") {
      break;
    } else if (IndexLine(line, type, file)) {
      state.files.emplace(std::move(type), std::move(file));
    } else {
      return fail(index.string() + ":" + std::to_string(number), "the line is no entry of an index",
                  "perch reads the schemas of cfn-lint 1.40 and newer.");
    }
  }
  if (state.files.empty()) {
    return fail(index, "there are no types in it", "perch reads the schemas of cfn-lint 1.40 and newer.");
  }
  state.layout = State::Layout::kLint;
  state.folder = folder / "resources";
  return schemas;
}

const ResourceSchema* Schemas::Find(std::string_view type) const {
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->read.find(type);
  if (known != state_->read.end()) return known->second.get();
  if (!IsTypeName(type)) return nullptr;
  return state_->read.emplace(type, state_->Read(type)).first->second.get();
}

bool Schemas::Exists(std::string_view type) const {
  return state_->known.contains(type) || state_->FileOf(type).has_value();
}

bool Schemas::complete() const { return state_->layout != State::Layout::kNone; }

std::vector<std::string> Schemas::Types() const {
  std::vector<std::string> types;
  for (const auto& [type, line] : state_->known) types.push_back(type);
  for (const auto& [type, file] : state_->files) types.push_back(type);
  if (state_->layout == State::Layout::kPublished) {
    // The files' names have no capitals; their first mention of a type's name does.
    std::error_code error;
    for (std::filesystem::directory_iterator file(state_->folder, error), end; !error && file != end;
         file.increment(error)) {
      if (!file->path().filename().string().ends_with(".json")) continue;
      const Result<std::string> text = ReadFile(file->path(), kMostFileBytes);
      const std::size_t key = text ? text->find("\"typeName\"") : std::string::npos;
      if (key == std::string::npos) continue;
      const std::vector<std::string> parts = Split(std::string_view(*text).substr(key, 300), '"');
      if (parts.size() > 4 && IsTypeName(parts[3])) types.push_back(parts[3]);
    }
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

}  // namespace perch::cfn
