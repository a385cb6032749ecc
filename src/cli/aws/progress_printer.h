#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "beanstalk/deployment.h"
#include "model/event.h"

namespace perch::cli {

/// "[########............] 3 min 5 s of about 8 min"; nobody knows how long it takes: "3 min 5 s"; too short to tell:
/// "".
std::string ProgressBar(std::chrono::seconds took, std::chrono::seconds usually);

/// What a deployment or deletion on AWS tells, as lines or as JSON events. On a terminal the last line says, all the
/// while, how long it takes and what is being worked on. Any thread.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(bool json);
  ~ProgressPrinter();

  void Line(const std::string& text);
  void Tell(const Event& event);
  void Progress(const beanstalk::DeployProgress& progress);
  /// Of a build or a test; whole lines are shown.
  void Output(std::string_view piece);

 private:
  void Print(const std::string& line);
  void ShowStatus();
  void HideStatus();
  void Redraw(const std::stop_token& stop);

  const bool json_, redraws_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string pending_;  // an unfinished line of output
  beanstalk::DeployProgress last_;
  std::chrono::steady_clock::time_point last_at_;
  bool shown_ = false;
  std::jthread redrawing_;
};

}  // namespace perch::cli
