#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "model/event.h"

namespace perch::engine {

/// One JSON object for an event, one line: the form of /api/events, `perch … --json` and the journal.
std::string ToJson(const Event& event);

/// Where events go in and out. Thread-safe. Sinks are called in order, one event at a time, in the emitting thread;
/// they must be quick and must not emit.
class EventStream {
 public:
  using Sink = std::function<void(const Event&)>;
  /// Ends the subscription when destroyed; the sink is not running after that.
  class Subscription;

  /// `first_id`: ids go on from here, one above the journal's last. Texts are masked with `redactor` (may be nullptr).
  EventStream(Clock clock, std::shared_ptr<const Redactor> redactor, std::uint64_t first_id = 1);
  ~EventStream();

  /// Stamps id and time, masks the text, and gives it to every sink.
  void Emit(Event event);
  std::unique_ptr<Subscription> Subscribe(Sink sink);

  class Subscription {
   public:
    ~Subscription();

   private:
    friend class EventStream;
    struct Shared;
    std::shared_ptr<Shared> shared_;
    std::uint64_t key_ = 0;
  };

 private:
  std::shared_ptr<Subscription::Shared> shared_;
};

}  // namespace perch::engine
