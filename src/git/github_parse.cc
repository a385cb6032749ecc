#include "git/github_parse.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "git/refs.h"

namespace perch::git {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestName = 1024;  // GitHub itself takes about 250 bytes
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::unexpected<std::string> Wrong(std::string why) { return std::unexpected(std::move(why)); }

Parsed<json::value> Parse(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);  // at most 32 levels deep, strict UTF-8
  if (error) return Wrong("it is not whole JSON (" + error.message() + ")");
  return value;
}

const json::object* ObjectIn(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::string TextIn(const json::object* object, std::string_view key) {
  const json::value* value = object ? object->if_contains(key) : nullptr;
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : "";
}

std::string Short(std::string_view text) {
  return Printable(text.size() <= 60 ? std::string(text) : std::string(text.substr(0, 60)) + "...");
}

/// "" if `name` can be trusted to be the branch's own name.
std::string NameProblem(const std::string& name) {
  if (name.size() > kLongestName) return "has a name of " + std::to_string(name.size()) + " bytes";
  if (!IsBranchName(name)) return "has a name that git does not allow: '" + Short(name) + "'";
  if (name.contains(kReplacement)) {
    return "has a name that is not UTF-8, which GitHub cannot tell exactly: '" + Short(name) + "'; rename that branch";
  }
  return "";
}

Parsed<std::string> CommitOfRef(const json::object& ref) {
  const json::object* object = ObjectIn(ref, "object");
  const std::string commit = TextIn(object, "sha");
  if (!IsHash(commit)) return Wrong("the branch has no commit");
  if (const std::string type = TextIn(object, "type"); type != "commit") {
    return Wrong("the branch points at a " + Short(type) + ", not at a commit");
  }
  return commit;
}

}  // namespace

Parsed<GitHubRepository> ParseRepository(std::string_view body) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return Wrong(value.error());
  const json::object* object = value->if_object();
  const json::value* id = object ? object->if_contains("id") : nullptr;
  GitHubRepository repository{.full_name = TextIn(object, "full_name"),
                              .default_branch = TextIn(object, "default_branch")};
  if (id && id->is_int64() && id->as_int64() > 0) repository.id = static_cast<std::uint64_t>(id->as_int64());
  if (repository.id == 0 || repository.full_name.empty()) return Wrong("it is not about a repository");
  if (const std::string problem = NameProblem(repository.default_branch); !problem.empty()) {
    return Wrong("the default branch " + problem);
  }
  return repository;
}

Parsed<std::vector<GitHubHead>> ParseBranchPage(std::string_view body) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return Wrong(value.error());
  const json::array* list = value->if_array();
  if (!list) return Wrong("it is not a list of branches");
  std::vector<GitHubHead> heads;
  heads.reserve(list->size());
  for (const json::value& entry : *list) {
    const std::string which = "branch " + std::to_string(heads.size() + 1) + " of the page ";
    const json::object* object = entry.if_object();
    GitHubHead head{.name = TextIn(object, "name"),
                    .commit = object ? TextIn(ObjectIn(*object, "commit"), "sha") : std::string()};
    if (head.name.empty()) return Wrong(which + "has no name");
    if (const std::string problem = NameProblem(head.name); !problem.empty()) return Wrong(which + problem);
    if (!IsHash(head.commit)) return Wrong(which + "has no commit: '" + Short(head.name) + "'");
    heads.push_back(std::move(head));
  }
  return heads;
}

Parsed<std::string> ParseRef(std::string_view body, const std::string& ref) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return Wrong(value.error());
  if (const json::object* object = value->if_object()) {
    if (TextIn(object, "ref") != ref) return Wrong("it is about '" + Short(TextIn(object, "ref")) + "'");
    return CommitOfRef(*object);
  }
  const json::array* list = value->if_array();
  if (!list) return Wrong("it is not about a branch");
  for (const json::value& entry : *list) {
    const json::object* object = entry.if_object();
    if (!object || !TextIn(object, "ref").starts_with(ref)) return Wrong("it lists something else than was asked for");
    if (TextIn(object, "ref") == ref) return CommitOfRef(*object);
  }
  return "";
}

Parsed<GitHubCommit> ParseCommit(std::string_view body, const std::string& commit) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return Wrong(value.error());
  const json::object* object = value->if_object();
  if (TextIn(object, "sha") != commit) return Wrong("it is not about the commit " + commit.substr(0, 10));
  const std::string message = TextIn(object, "message");
  GitHubCommit result{.tree = TextIn(ObjectIn(*object, "tree"), "sha"),
                      .subject = message.substr(0, message.find('\n')),
                      .author = TextIn(ObjectIn(*object, "author"), "name")};
  if (!IsHash(result.tree)) return Wrong("the commit has no tree");
  result.committed_at = ParseTime(TextIn(ObjectIn(*object, "committer"), "date")).value_or(Time{});
  return result;
}

Parsed<std::vector<GitHubFile>> ParseTree(std::string_view body) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return Wrong(value.error());
  const json::object* object = value->if_object();
  const json::value* entries = object ? object->if_contains("tree") : nullptr;
  const json::value* truncated = object ? object->if_contains("truncated") : nullptr;
  if (!entries || !entries->is_array() || !truncated || !truncated->is_bool())
    return Wrong("it is not a list of files");
  if (truncated->as_bool()) return Wrong("the commit has more files than GitHub lists at once");
  std::vector<GitHubFile> files;
  for (const json::value& entry : entries->as_array()) {
    const json::object* one = entry.if_object();
    GitHubFile file{.path = TextIn(one, "path"),
                    .mode = TextIn(one, "mode"),
                    .type = TextIn(one, "type"),
                    .hash = TextIn(one, "sha")};
    if (file.path.empty() || file.path.contains('\0') || !IsHash(file.hash) || file.mode.size() != 6 ||
        !ParseNumber(file.mode)) {
      return Wrong("an entry of the list of files is not whole");
    }
    if (file.path.contains(kReplacement)) return Wrong("a file's name is not UTF-8: '" + Short(file.path) + "'");
    if (file.type == "tree") continue;
    if (file.type != "blob" && file.type != "commit") return Wrong("a file is a '" + Short(file.type) + "'");
    files.push_back(std::move(file));
  }
  std::ranges::sort(files, {}, &GitHubFile::path);
  if (std::ranges::adjacent_find(files, {}, &GitHubFile::path) != files.end()) return Wrong("it lists a file twice");
  return files;
}

std::string ParseMessage(std::string_view body) {
  const Parsed<json::value> value = Parse(body);
  if (!value) return "";
  std::string text = TextIn(value->if_object(), "message");
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > 300) text = text.substr(0, 300) + "...";
  return Printable(text);
}

bool IsJsonList(std::string_view body) {
  const Parsed<json::value> value = Parse(body);
  return value && value->is_array();
}

std::string StatusBody(const std::string& state, const std::string& target_url, const std::string& description,
                       const std::string& context) {
  json::object object;
  object["state"] = state;
  if (!target_url.empty()) object["target_url"] = target_url;
  if (!description.empty()) object["description"] = description;
  object["context"] = context;
  return json::serialize(object);
}

}  // namespace perch::git
