#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/aws/world.h"
#include "cli/listen.h"
#include "engine/engine.h"

namespace perch::cli {

/// Everything that `perch serve` is, wired together: git, engine, local platform, gateway, dashboard, control socket.
class Server {
 public:
  struct Options {
    std::filesystem::path config_file;
    std::filesystem::path state_folder;
    Listen listen;
    std::string domain;     ///< "" : what perch.yaml says
    std::string dashboard;  ///< "" : the domain itself
    bool trust_branches = false;
    std::string platform;  ///< of the command line; "": what perch.yaml says
    /// Opens the way to AWS, where environments live there; empty: they live on this machine.
    std::function<Result<std::unique_ptr<AwsWorld>>()> open_aws;
    engine::EventStream::Sink on_event;  ///< for the terminal; may be empty
  };

  /// Locks the state, listens, puts right what a crash left, and begins to look. The first error that keeps it from
  /// working is returned with everything ended.
  static Result<std::unique_ptr<Server>> Start(Options options);
  /// An ordinary stop: ends all apps, keeps what is needed to bring them back.
  ~Server();

  engine::Engine& engine();
  std::string DashboardUrl() const;
  /// The dashboard's address that signs its visitor in.
  std::string SignInUrl() const;
  std::uint16_t port() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace perch::cli
