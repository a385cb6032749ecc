#include "engine/view.h"

#include "base/value.h"

namespace perch::engine {
namespace {

std::string TimeOrNull(const std::optional<Time>& time) { return time ? JsonString(FormatTime(*time)) : "null"; }

std::string_view ResultName(Attempt::Result result) {
  switch (result) {
    case Attempt::Result::kRunning:
      return "running";
    case Attempt::Result::kSucceeded:
      return "succeeded";
    case Attempt::Result::kFailed:
      return "failed";
    case Attempt::Result::kInterrupted:
      return "interrupted";
  }
  return "?";
}

std::string StageOrNull(const std::optional<Stage>& stage) { return stage ? JsonString(StageName(*stage)) : "null"; }

std::string ToJson(const Attempt& attempt) {
  std::string json = "{\"generation\":" + std::to_string(attempt.generation);
  json += ",\"commit\":" + JsonString(attempt.commit);
  json += ",\"result\":" + JsonString(ResultName(attempt.result));
  json += ",\"stage\":" + StageOrNull(attempt.stage);
  json += ",\"reason\":" + JsonString(attempt.reason);
  json += ",\"started_at\":" + JsonString(FormatTime(attempt.started_at));
  json += ",\"ended_at\":" + TimeOrNull(attempt.ended_at) + "}";
  return json;
}

}  // namespace

std::string ToJson(const BranchView& view) {
  std::string json = "{\"branch\":" + JsonString(view.branch);
  json += ",\"slug\":" + JsonString(view.slug);
  json += ",\"profile\":" + JsonString(view.profile);
  json += ",\"state\":" + JsonString(StateName(view.state));
  json += ",\"reason\":" + JsonString(view.reason);
  json += ",\"url\":" + JsonString(view.url);
  json += ",\"commit\":" + JsonString(view.commit);
  json += ",\"serving_commit\":" + JsonString(view.serving_commit);
  json += ",\"updated_at\":" + (view.updated_at == Time() ? "null" : JsonString(FormatTime(view.updated_at)));
  json += ",\"title\":" + JsonString(view.title);
  json += ",\"author\":" + JsonString(view.author);
  json += ",\"committed_at\":" + TimeOrNull(view.committed_at);
  json += ",\"created_at\":" + TimeOrNull(view.created_at);
  json += ",\"stage\":" + StageOrNull(view.stage);
  json += ",\"stage_started_at\":" + TimeOrNull(view.stage_started_at);
  json += ",\"position\":" + (view.position ? std::to_string(*view.position) : "null");
  json += ",\"generation\":" + std::to_string(view.generation);
  json += ",\"last_attempt\":" + (view.last_attempt ? ToJson(*view.last_attempt) : "null") + "}";
  return json;
}

std::string ToJson(const std::vector<BranchView>& views) {
  std::string json = "[";
  for (const BranchView& view : views) {
    if (json.size() > 1) json += ',';
    json += ToJson(view);
  }
  return json + "]";
}

}  // namespace perch::engine
