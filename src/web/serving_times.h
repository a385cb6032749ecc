#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "engine/events.h"
#include "web/backend.h"

namespace perch::web {

/// When each link was last moved, and to which commit: from the journal once per branch, then from the event stream.
/// Thread-safe.
class ServingTimes {
 public:
  explicit ServingTimes(Backend& backend);
  ~ServingTimes();

  /// When `slug`'s link began to show `commit`; nullopt when the journal does not reach back that far.
  std::optional<Time> Since(const std::string& slug, const std::string& commit);

 private:
  struct Switch {
    std::string commit;
    Time at;
  };
  void Note(const Event& event);

  Backend& backend_;
  std::mutex mutex_;
  std::map<std::string, Switch> last_;
  std::unique_ptr<engine::EventStream::Subscription> subscription_;
};

}  // namespace perch::web
