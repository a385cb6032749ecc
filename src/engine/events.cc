#include "engine/events.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/value.h"

namespace perch::engine {

std::string ToJson(const Event& event) {
  const auto optional = [](std::string_view text) { return text.empty() ? "null" : JsonString(text); };
  std::string json = "{\"id\":" + std::to_string(event.id);
  json += ",\"at\":" + JsonString(FormatTime(event.at));
  json += ",\"kind\":" + JsonString(EventKindName(event.kind));
  json += ",\"branch\":" + JsonString(event.branch);
  json += ",\"slug\":" + JsonString(event.slug);
  json += ",\"commit\":" + JsonString(event.commit);
  json += ",\"generation\":" + std::to_string(event.generation);
  json += ",\"state\":" + optional(event.state ? StateName(*event.state) : "");
  json += ",\"stage\":" + optional(event.stage ? StageName(*event.stage) : "");
  json += ",\"took_ms\":" + std::to_string(event.took.count());
  json += ",\"text\":" + JsonString(event.text) + "}";
  return json;
}

struct EventStream::Subscription::Shared {
  Clock clock;
  std::shared_ptr<const Redactor> redactor;
  std::mutex mutex;  // held while the sinks run: they see one event at a time, in order
  std::uint64_t next_id = 1;
  std::uint64_t next_key = 1;
  std::map<std::uint64_t, Sink> sinks;
};

EventStream::EventStream(Clock clock, std::shared_ptr<const Redactor> redactor, std::uint64_t first_id)
    : shared_(std::make_shared<Subscription::Shared>()) {
  shared_->clock = std::move(clock);
  shared_->redactor = std::move(redactor);
  shared_->next_id = std::max<std::uint64_t>(first_id, 1);
}

EventStream::~EventStream() = default;

void EventStream::Emit(Event event) {
  if (shared_->redactor) event.text = shared_->redactor->Mask(event.text);
  const std::lock_guard lock(shared_->mutex);
  event.id = shared_->next_id++;
  event.at = shared_->clock();
  for (const auto& [key, sink] : shared_->sinks) sink(event);
}

std::unique_ptr<EventStream::Subscription> EventStream::Subscribe(Sink sink) {
  auto subscription = std::make_unique<Subscription>();
  const std::lock_guard lock(shared_->mutex);
  subscription->shared_ = shared_;
  subscription->key_ = shared_->next_key++;
  shared_->sinks.emplace(subscription->key_, std::move(sink));
  return subscription;
}

EventStream::Subscription::~Subscription() {
  if (!shared_) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->sinks.erase(key_);
}

}  // namespace perch::engine
