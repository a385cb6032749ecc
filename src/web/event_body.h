#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/events.h"
#include "net/http.h"
#include "web/backend.h"
#include "web/ticker.h"

namespace perch::web {

/// How long a silent event stream waits before it shows that it lives.
inline constexpr std::chrono::seconds kHeartbeat{15};

/// The events above an id, first from the journal, then live, without gaps or doubles. A client that is far behind gets
/// a part and is let go: it asks again from there. A client that reads too slowly is let go, too.
class EventBody : public net::BodyStream {
 public:
  enum class Format {
    kServerSent,  ///< text/event-stream; ids are event ids
    kLines,       ///< one JSON object a line; an empty line is a heartbeat
  };
  struct Options {
    std::uint64_t after = 0;
    std::string slug;  ///< only this branch's events; "" : all
    Format format = Format::kServerSent;
    std::chrono::milliseconds heartbeat = kHeartbeat;
  };
  EventBody(Backend& backend, Ticker& ticker, Options options);
  ~EventBody() override;

  void Start(std::function<bool(std::string)> write, std::function<void()> end) override;

 private:
  class Feed;

  Backend& backend_;
  Ticker& ticker_;
  const Options options_;
  std::shared_ptr<Feed> feed_;
  std::unique_ptr<engine::EventStream::Subscription> subscription_;
  std::unique_ptr<Ticker::Handle> heartbeat_;
};

/// A stage's log, going on as it grows, until it has ended.
class LogBody : public net::BodyStream {
 public:
  struct Options {
    std::string branch;
    std::uint64_t generation = 0;
    Stage stage = Stage::kBuild;
    std::uint64_t from = 0;
    std::chrono::milliseconds interval{200};
  };
  LogBody(Backend& backend, Ticker& ticker, Options options);
  ~LogBody() override;

  void Start(std::function<bool(std::string)> write, std::function<void()> end) override;

 private:
  void ReadMore();

  Backend& backend_;
  Ticker& ticker_;
  Options options_;
  bool over_ = false;
  std::function<bool(std::string)> write_;
  std::function<void()> end_;
  std::unique_ptr<Ticker::Handle> reading_;
};

}  // namespace perch::web
