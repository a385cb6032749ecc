#include "beanstalk/branch_record.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

namespace json = boost::json;

constexpr std::string_view kFormat = "perch-branch-1";
constexpr std::string_view kFolder = "branches/";
constexpr std::size_t kLargest = 1 << 20;
constexpr std::string_view kResults[] = {"running", "succeeded", "failed", "interrupted"};

std::unexpected<Error> Damaged(const std::string& where, std::string why) {
  return Fail({.kind = ErrorKind::kRefused,
               .what = "cannot use what is recorded of a branch",
               .where = where,
               .why = std::move(why),
               .hint = "Look at the object's earlier versions, and put a whole one back."});
}

/// JSON holds text only; git allows any bytes in names, and reasons quote what apps printed.
std::string Packed(const std::string& bytes) { return PercentEncode(bytes); }

json::object AttemptJson(const Attempt& attempt) {
  json::object o;
  o["generation"] = attempt.generation;
  o["commit"] = attempt.commit;
  o["settings_hash"] = attempt.settings_hash;
  o["result"] = kResults[std::size_t(attempt.result)];
  if (attempt.stage) o["stage"] = StageName(*attempt.stage);
  o["reason"] = Packed(attempt.reason);
  o["started_at"] = FormatTime(attempt.started_at);
  if (attempt.ended_at) o["ended_at"] = FormatTime(*attempt.ended_at);
  return o;
}

/// Reads members, and remembers whether one was not as it is written.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}
  bool whole() const { return whole_; }

  std::string Text(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value && value->is_string()) return std::string(value->get_string());
    whole_ = false;
    return "";
  }
  std::string Unpacked(std::string_view key) {
    std::optional<std::string> text = PercentDecode(Text(key));
    if (text) return *std::move(text);
    whole_ = false;
    return "";
  }
  std::uint64_t Number(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    json::error_code wrong;
    const std::uint64_t number = value ? value->to_number<std::uint64_t>(wrong) : 0;
    if (!value || wrong) whole_ = false;
    return number;
  }
  bool Flag(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value && value->is_bool()) return value->get_bool();
    whole_ = false;
    return false;
  }
  Time When(std::string_view key) {
    const std::optional<Time> time = ParseTime(Text(key));
    if (!time) whole_ = false;
    return time.value_or(Time{});
  }
  const json::value* Optional(std::string_view key) const { return object_.if_contains(key); }

 private:
  const json::object& object_;
  bool whole_ = true;
};

std::optional<Attempt> ReadAttempt(const json::object& object) {
  Reader reader(object);
  Attempt attempt{.generation = reader.Number("generation"),
                  .commit = reader.Text("commit"),
                  .settings_hash = reader.Text("settings_hash"),
                  .reason = reader.Unpacked("reason"),
                  .started_at = reader.When("started_at")};
  const std::string result = reader.Text("result");
  const auto* known = std::find(std::begin(kResults), std::end(kResults), result);
  if (known == std::end(kResults)) return std::nullopt;
  attempt.result = Attempt::Result(known - std::begin(kResults));
  if (reader.Optional("stage")) attempt.stage = ParseStage(reader.Text("stage"));
  if (reader.Optional("ended_at")) attempt.ended_at = reader.When("ended_at");
  if (!reader.whole()) return std::nullopt;
  return attempt;
}

}  // namespace

void BranchRecord::Causes(std::string kind, std::string name) {
  if (name.empty()) return;
  Caused made{std::move(kind), std::move(name)};
  const std::vector<Caused>::iterator at = std::lower_bound(caused.begin(), caused.end(), made);
  if (at == caused.end() || *at != made) caused.insert(at, std::move(made));
}

std::string FormatRecord(const BranchRecord& record) {
  json::object o;
  o["format"] = kFormat;
  o["app"] = Packed(record.identity.app);
  o["branch"] = Packed(record.identity.branch);
  o["profile"] = Packed(record.identity.profile);
  o["owner"] = Packed(record.identity.owner);
  o["generation"] = record.generation;
  o["deleting"] = record.deleting;
  o["stopped_commit"] = record.stopped_commit;
  o["stopped_settings_hash"] = record.stopped_settings_hash;
  if (record.last_attempt) o["last_attempt"] = AttemptJson(*record.last_attempt);
  json::object fixed;
  for (const auto& [label, value] : record.fixed) fixed[label] = Packed(value);
  o["fixed"] = std::move(fixed);
  json::array caused;
  for (const Caused& one : record.caused) {
    caused.push_back(json::object{{"kind", one.kind}, {"name", Packed(one.name)}});
  }
  o["caused"] = std::move(caused);
  o["create_seconds"] = std::uint64_t(record.create_seconds);
  o["update_seconds"] = std::uint64_t(record.update_seconds);
  o["created_at"] = FormatTime(record.created_at);
  o["updated_at"] = FormatTime(record.updated_at);
  return json::serialize(o) + "\n";
}

Result<BranchRecord> ParseRecord(std::string_view text, const std::string& where) {
  boost::system::error_code wrong;
  const json::value document = json::parse({text.data(), text.size()}, wrong);
  if (wrong) return Damaged(where, "it is no JSON: " + wrong.message());
  if (!document.is_object()) return Damaged(where, "it is not what perch writes");
  Reader reader(document.get_object());
  if (reader.Text("format") != kFormat) return Damaged(where, "it is not what this perch writes");
  BranchRecord record{.identity = {.app = reader.Unpacked("app"),
                                   .branch = reader.Unpacked("branch"),
                                   .profile = reader.Unpacked("profile"),
                                   .owner = reader.Unpacked("owner")},
                      .generation = reader.Number("generation"),
                      .deleting = reader.Flag("deleting"),
                      .stopped_commit = reader.Text("stopped_commit"),
                      .stopped_settings_hash = reader.Text("stopped_settings_hash"),
                      .create_seconds = std::int64_t(reader.Number("create_seconds")),
                      .update_seconds = std::int64_t(reader.Number("update_seconds")),
                      .created_at = reader.When("created_at"),
                      .updated_at = reader.When("updated_at")};
  if (const json::value* attempt = reader.Optional("last_attempt")) {
    record.last_attempt = attempt->is_object() ? ReadAttempt(attempt->get_object()) : std::nullopt;
    if (!record.last_attempt) return Damaged(where, "its last attempt is not what perch writes");
  }
  const json::value* fixed = reader.Optional("fixed");
  if (!fixed || !fixed->is_object()) return Damaged(where, "it does not say what is fixed");
  Reader labels(fixed->get_object());
  for (const json::key_value_pair& label : fixed->get_object()) {
    record.fixed[std::string(label.key())] = labels.Unpacked(label.key());
  }
  const json::value* caused = reader.Optional("caused");
  if (!caused || !caused->is_array()) return Damaged(where, "it does not say what was caused");
  for (const json::value& one : caused->get_array()) {
    if (!one.is_object()) return Damaged(where, "what was caused is not what perch writes");
    Reader member(one.get_object());
    std::string kind = member.Text("kind"), name = member.Unpacked("name");
    if (!member.whole()) return Damaged(where, "what was caused is not what perch writes");
    record.Causes(std::move(kind), std::move(name));
  }
  if (!reader.whole() || !labels.whole() || record.identity.app.empty() || record.identity.branch.empty())
    return Damaged(where, "something in it is not what perch writes");
  return record;
}

std::string BranchRecords::KeyFor(const std::string& app, const std::string& branch) {
  return KeyOfStack(StackNameFor(app, branch));
}

std::string BranchRecords::KeyOfStack(const std::string& stack) { return std::string(kFolder) + stack + ".json"; }

Result<BranchRecords::Found> BranchRecords::Load(const std::string& key) const {
  const std::string where = "s3://" + bucket_ + "/" + key;
  const aws::Answer<aws::Object> object = s3_.GetObject(bucket_, key, kLargest);
  if (!object) {
    const bool none =
        object.error().outcome == aws::Outcome::kNotFound && object.error().cause != aws::Cause::kNoBucket;
    if (none) return Found{};
    return Fail(object.error());
  }
  if (object->etag.empty()) return Damaged(where, "S3 told no ETag for it");
  Result<BranchRecord> record = ParseRecord(object->body, where);
  if (!record) return Fail(record.error());
  return Found{.record = *std::move(record), .etag = object->etag};
}

Result<BranchRecords::Found> BranchRecords::Read(const std::string& app, const std::string& branch) const {
  const std::string key = KeyFor(app, branch);
  Result<Found> found = Load(key);
  if (!found) return found;
  const Identity& identity = found->record.identity;
  if (found->etag.empty()) {
    found->record.identity.app = app;
    found->record.identity.branch = branch;
  } else if (identity.app != app || identity.branch != branch) {
    return Damaged("s3://" + bucket_ + "/" + key, "it is another branch's");
  }
  return found;
}

Status BranchRecords::Write(Found& found) const {
  const std::string key = KeyFor(found.record.identity.app, found.record.identity.branch);
  const aws::PutOptions options{
      .only_if_absent = found.etag.empty(), .if_match = found.etag, .content_type = "application/json"};
  aws::Answer<std::string> etag = s3_.PutObject(bucket_, key, FormatRecord(found.record), options);
  if (etag) {
    found.etag = *std::move(etag);
    return {};
  }
  // A key that went meanwhile answers "not found" to If-Match.
  const aws::Failure& failure = etag.error();
  const bool lost = failure.outcome == aws::Outcome::kConflict ||
                    (failure.outcome == aws::Outcome::kNotFound && failure.cause != aws::Cause::kNoBucket);
  if (!lost) return Fail(failure);
  return Fail({.kind = ErrorKind::kSuperseded,
               .what = "another perch is at '" + Printable(found.record.identity.branch) + "'",
               .why = "it began later, and the newest one counts"});
}

Status BranchRecords::Remove(const std::string& app, const std::string& branch) const {
  const aws::Answer<void> gone = s3_.DeleteObject(bucket_, KeyFor(app, branch));
  if (!gone && gone.error().outcome != aws::Outcome::kNotFound) return Fail(gone.error());
  return {};
}

Result<std::vector<std::string>> BranchRecords::Keys() const {
  std::vector<std::string> keys;
  const aws::Answer<void> listed =
      s3_.ListObjects(bucket_, std::string(kFolder)).ForEach([&](aws::ObjectSummary& object) {
        keys.push_back(object.key);
        return true;
      });
  if (!listed) return Fail(listed.error());
  return keys;
}

Result<BranchRecords::Found> BranchRecords::ReadKey(const std::string& key) const {
  Result<Found> found = Load(key);
  if (!found || found->etag.empty()) return found;
  const Identity& identity = found->record.identity;
  if (KeyFor(identity.app, identity.branch) != key)
    return Damaged("s3://" + bucket_ + "/" + key, "it is another branch's");
  return found;
}

Result<std::vector<BranchRecords::Found>> BranchRecords::List(const std::string& app) const {
  const Result<std::vector<std::string>> keys = Keys();
  if (!keys) return Fail(keys.error());
  std::vector<Found> all;
  for (const std::string& key : *keys) {
    Result<Found> found = ReadKey(key);
    if (!found) return Fail(found.error());
    if (found->etag.empty() || found->record.identity.app != app) continue;  // it went meanwhile
    all.push_back(*std::move(found));
  }
  return all;
}

}  // namespace perch::beanstalk
