#include "web/event_body.h"

#include <mutex>
#include <utility>
#include <vector>

namespace perch::web {
namespace {

constexpr int kPage = 500;
// The server lets a client go with 4 MiB waiting, so what is read back at once stays well below.
constexpr std::size_t kMostAtOnce = 2 << 20;
constexpr std::size_t kMostWaiting = 10000;
constexpr std::size_t kLogPiece = 256 << 10;

}  // namespace

// What one client has got so far. The sink, the heartbeat and Start meet here.
class EventBody::Feed {
 public:
  Feed(Options options, std::function<bool(std::string)> write, std::function<void()> end)
      : options_(std::move(options)), write_(std::move(write)), end_(std::move(end)), last_(options_.after) {}

  void OnEvent(const Event& event) {
    const std::scoped_lock lock(mutex_);
    if (live_) {
      Send(event);
    } else if (waiting_.size() < kMostWaiting) {
      waiting_.push_back(event);
    } else {
      EndNow();
    }
  }

  void SendOld(const std::vector<Event>& events) {
    const std::scoped_lock lock(mutex_);
    for (const Event& event : events) Send(event);
  }

  void GoLive() {
    const std::scoped_lock lock(mutex_);
    for (const Event& event : waiting_) Send(event);
    waiting_.clear();
    waiting_.shrink_to_fit();
    live_ = true;
  }

  void Write(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    Put(text);
  }

  void End() {
    const std::scoped_lock lock(mutex_);
    EndNow();
  }

  void StartFrom(std::uint64_t id) {
    const std::scoped_lock lock(mutex_);
    last_ = id;
  }

  bool over() {
    const std::scoped_lock lock(mutex_);
    return over_;
  }
  std::uint64_t last() {
    const std::scoped_lock lock(mutex_);
    return last_;
  }
  std::size_t sent() {
    const std::scoped_lock lock(mutex_);
    return sent_;
  }

 private:
  void Send(const Event& event) {
    if (event.id <= last_) return;
    last_ = event.id;
    if (!options_.slug.empty() && event.slug != options_.slug) return;
    const std::string json = engine::ToJson(event);
    if (options_.format == Format::kLines) return Put(json + "\n");
    Put("id: " + std::to_string(event.id) + "\ndata: " + json + "\n\n");
  }

  void Put(const std::string& text) {
    if (over_) return;
    sent_ += text.size();
    if (!write_(text)) EndNow();
  }

  void EndNow() {
    if (std::exchange(over_, true)) return;
    end_();
  }

  const Options options_;
  const std::function<bool(std::string)> write_;
  const std::function<void()> end_;
  std::mutex mutex_;
  std::uint64_t last_;
  std::size_t sent_ = 0;
  bool live_ = false;
  bool over_ = false;
  std::vector<Event> waiting_;
};

EventBody::EventBody(Backend& backend, Ticker& ticker, Options options)
    : backend_(backend), ticker_(ticker), options_(std::move(options)) {}

EventBody::~EventBody() {
  heartbeat_.reset();
  subscription_.reset();
}

void EventBody::Start(std::function<bool(std::string)> write, std::function<void()> end) {
  feed_ = std::make_shared<Feed>(options_, std::move(write), std::move(end));
  const bool lines = options_.format == Format::kLines;
  if (!lines) feed_->Write("retry: 1000\n\n");

  const std::shared_ptr<Feed> feed = feed_;
  subscription_ = backend_.events().Subscribe([feed](const Event& event) { feed->OnEvent(event); });
  if (const std::uint64_t newest = backend_.journal().LastId(); options_.after > newest) {
    // The client knows a journal that is lost.
    feed_->StartFrom(newest);
    if (!lines) feed_->Write("event: reset\nid: " + std::to_string(newest) + "\ndata: {}\n\n");
  }
  while (!feed_->over()) {
    const Result<std::vector<Event>> page = backend_.journal().Read(options_.slug, feed_->last(), kPage);
    if (!page || feed_->sent() > kMostAtOnce) {
      feed_->End();
      break;
    }
    feed_->SendOld(*page);
    if (page->size() < kPage) break;
  }
  feed_->GoLive();
  heartbeat_ = ticker_.Every(options_.heartbeat, [feed, lines] { feed->Write(lines ? "\n" : ": still here\n\n"); });
}

LogBody::LogBody(Backend& backend, Ticker& ticker, Options options)
    : backend_(backend), ticker_(ticker), options_(std::move(options)) {}

LogBody::~LogBody() { reading_.reset(); }

void LogBody::Start(std::function<bool(std::string)> write, std::function<void()> end) {
  write_ = std::move(write);
  end_ = std::move(end);
  ReadMore();
  if (!over_) reading_ = ticker_.Every(options_.interval, [this] { ReadMore(); });
}

void LogBody::ReadMore() {
  if (over_) return;
  Result<engine::LogPiece> piece =
      backend_.ReadLog(options_.branch, options_.generation, options_.stage, options_.from, kLogPiece);
  // A log that is not there yet will come; one that ended is complete once nothing more is read from it.
  const bool complete = piece && piece->ended && piece->text.empty();
  bool gone = false;
  if (piece && !piece->text.empty()) {
    options_.from = piece->next;
    gone = !write_(std::move(piece->text));
  }
  if (!complete && !gone) return;
  over_ = true;
  end_();
}

}  // namespace perch::web
