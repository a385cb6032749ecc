#include "local/record.h"

#include <boost/json.hpp>
#include <charconv>
#include <concepts>

#include "base/text.h"

namespace perch::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kResults[] = {"running", "succeeded", "failed", "interrupted"};

/// JSON holds text only, and a reason may quote what an app printed.
std::string AsText(const std::string& bytes) { return IsUtf8(bytes) ? bytes : Printable(bytes); }

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    int byte = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return "";
    bytes += char(byte);
  }
  return bytes;
}

json::value TimeValue(Time time) { return json::string(FormatTime(time)); }

json::object ToJsonObject(const Attempt& attempt) {
  json::object o;
  o["generation"] = attempt.generation;
  o["commit"] = attempt.commit;
  o["settings_hash"] = attempt.settings_hash;
  o["result"] = kResults[std::size_t(attempt.result)];
  if (attempt.stage) o["stage"] = StageName(*attempt.stage);
  o["reason"] = AsText(attempt.reason);
  o["started_at"] = TimeValue(attempt.started_at);
  if (attempt.ended_at) o["ended_at"] = TimeValue(*attempt.ended_at);
  return o;
}

json::value ToJsonObject(const std::optional<RunningApp>& app) {
  if (!app) return nullptr;
  json::object o;
  o["pid"] = app->keeper.pid;
  o["start_time"] = app->keeper.start_time;
  o["boot"] = app->keeper.boot;
  o["generation"] = app->generation;
  o["port"] = app->port;
  o["commit"] = app->commit;
  o["tree"] = app->tree;
  o["settings_hash"] = app->settings_hash;
  o["release"] = app->release;
  o["data"] = app->data;
  o["stop_timeout_ms"] = app->stop_timeout_ms;
  if (!app->container.empty()) o["container"] = app->container;
  return o;
}

/// Reads fields leniently: what is absent or of another kind keeps its start value.
class Reader {
 public:
  explicit Reader(const json::value& value) : object_(value.if_object()) {}
  explicit operator bool() const { return object_ != nullptr; }

  const json::value* Find(std::string_view key) const {
    if (!object_) return nullptr;
    const auto it = object_->find(key);
    return it == object_->end() ? nullptr : &it->value();
  }
  void Get(std::string_view key, std::string& into) const {
    const json::value* value = Find(key);
    if (value && value->is_string()) into = std::string(value->get_string());
  }
  void Get(std::string_view key, bool& into) const {
    const json::value* value = Find(key);
    if (value && value->is_bool()) into = value->get_bool();
  }
  template <std::integral Number>
  void Get(std::string_view key, Number& into) const {
    const json::value* value = Find(key);
    if (!value) return;
    json::error_code error;
    const Number number = value->to_number<Number>(error);
    if (!error) into = number;
  }
  void Get(std::string_view key, Time& into) const {
    std::string text;
    Get(key, text);
    if (const auto time = ParseTime(text)) into = *time;
  }

 private:
  const json::object* object_;
};

std::optional<Attempt> ReadAttempt(const json::value* value) {
  if (!value || !value->is_object()) return std::nullopt;
  const Reader reader(*value);
  Attempt attempt;
  reader.Get("generation", attempt.generation);
  reader.Get("commit", attempt.commit);
  reader.Get("settings_hash", attempt.settings_hash);
  std::string result, stage;
  reader.Get("result", result);
  for (std::size_t i = 0; i < std::size(kResults); ++i) {
    if (kResults[i] == result) attempt.result = Attempt::Result(i);
  }
  reader.Get("stage", stage);
  attempt.stage = ParseStage(stage);
  reader.Get("reason", attempt.reason);
  reader.Get("started_at", attempt.started_at);
  if (reader.Find("ended_at")) {
    attempt.ended_at.emplace();
    reader.Get("ended_at", *attempt.ended_at);
  }
  return attempt;
}

std::optional<RunningApp> ReadApp(const json::value* value) {
  if (!value || !value->is_object()) return std::nullopt;
  const Reader reader(*value);
  RunningApp app;
  reader.Get("pid", app.keeper.pid);
  reader.Get("start_time", app.keeper.start_time);
  reader.Get("boot", app.keeper.boot);
  reader.Get("generation", app.generation);
  reader.Get("port", app.port);
  reader.Get("commit", app.commit);
  reader.Get("tree", app.tree);
  reader.Get("settings_hash", app.settings_hash);
  reader.Get("release", app.release);
  reader.Get("data", app.data);
  reader.Get("stop_timeout_ms", app.stop_timeout_ms);
  reader.Get("container", app.container);
  return app;
}

}  // namespace

std::vector<RunningApp> Record::Apps() const {
  std::vector<RunningApp> apps;
  for (const std::optional<RunningApp>* app : {&serving, &candidate, &retiring}) {
    if (*app) apps.push_back(**app);
  }
  return apps;
}

std::string ToJson(const Record& record) {
  const perch::Environment& e = record.environment;
  json::object o;
  o["version"] = 1;
  o["app"] = e.app;
  // Branch names may be any bytes; JSON holds text only.
  o["branch_hex"] = Hex(e.branch);
  o["branch"] = AsText(e.branch);
  o["slug"] = e.slug;
  o["owner_mark"] = e.owner_mark;
  o["profile"] = e.profile;
  o["generation"] = e.generation;
  o["state"] = StateName(e.state);
  o["reason"] = AsText(e.reason);
  o["url"] = e.url;
  o["serving_commit"] = e.serving_commit;
  o["serving_tree"] = e.serving_tree;
  o["settings_hash"] = e.settings_hash;
  if (e.last_attempt) o["last_attempt"] = ToJsonObject(*e.last_attempt);
  o["stopped"] = e.stopped;
  o["stopped_commit"] = e.stopped_commit;
  o["stopped_settings_hash"] = e.stopped_settings_hash;
  o["deleting"] = e.deleting;
  o["created_at"] = TimeValue(e.created_at);
  o["updated_at"] = TimeValue(e.updated_at);
  o["uid"] = record.uid;
  o["data"] = record.data;
  o["previous_release"] = record.previous_release;
  o["serving"] = ToJsonObject(record.serving);
  o["candidate"] = ToJsonObject(record.candidate);
  o["retiring"] = ToJsonObject(record.retiring);
  return json::serialize(o) + "\n";
}

Result<Record> ParseRecord(const std::string& text) {
  json::error_code error;
  const json::value value = json::parse(text, error);
  const Reader reader(value);
  if (error || !reader) return Fail({.what = "cannot read an environment's record", .why = "it is not a JSON object"});
  Record record;
  perch::Environment& e = record.environment;
  reader.Get("app", e.app);
  std::string hex, state;
  reader.Get("branch_hex", hex);
  e.branch = FromHex(hex);
  reader.Get("slug", e.slug);
  reader.Get("owner_mark", e.owner_mark);
  reader.Get("profile", e.profile);
  reader.Get("generation", e.generation);
  reader.Get("state", state);
  e.state = ParseState(state).value_or(State::kFailed);
  reader.Get("reason", e.reason);
  reader.Get("url", e.url);
  reader.Get("serving_commit", e.serving_commit);
  reader.Get("serving_tree", e.serving_tree);
  reader.Get("settings_hash", e.settings_hash);
  e.last_attempt = ReadAttempt(reader.Find("last_attempt"));
  reader.Get("stopped", e.stopped);
  reader.Get("stopped_commit", e.stopped_commit);
  reader.Get("stopped_settings_hash", e.stopped_settings_hash);
  reader.Get("deleting", e.deleting);
  reader.Get("created_at", e.created_at);
  reader.Get("updated_at", e.updated_at);
  reader.Get("uid", record.uid);
  reader.Get("data", record.data);
  reader.Get("previous_release", record.previous_release);
  record.serving = ReadApp(reader.Find("serving"));
  record.candidate = ReadApp(reader.Find("candidate"));
  record.retiring = ReadApp(reader.Find("retiring"));
  if (e.branch.empty() || e.slug.empty()) {
    return Fail({.what = "cannot read an environment's record", .why = "it names no branch"});
  }
  return record;
}

Status SaveRecord(const Layout& layout, const Record& record) {
  return WriteFileAtomically(layout.Record(record.environment.slug), ToJson(record), 0600);
}

Result<Record> LoadRecord(const Layout& layout, const std::string& slug) {
  const std::filesystem::path path = layout.Record(slug);
  const Result<std::string> text = ReadFile(path, 1 << 20);
  if (!text) return Fail(text.error());
  Result<Record> record = ParseRecord(*text);
  if (record && record->environment.slug != slug) {
    return Fail(
        {.what = "cannot use an environment's record", .where = path.string(), .why = "it belongs to another folder"});
  }
  if (!record) {
    Error error = record.error();
    error.where = path.string();
    return Fail(error);
  }
  return record;
}

}  // namespace perch::local
