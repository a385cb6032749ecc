// The gateway alone, with one branch: perch_gateway LISTEN UPSTREAM_PORT [THREADS] [CERT KEY]
// Every host leads to 127.0.0.1:UPSTREAM_PORT. Runs until SIGTERM or SIGINT.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gateway/gateway.h"

namespace {

using perch::gateway::Gateway;
using perch::gateway::Route;

class NotFound : public perch::net::Handler {
 public:
  perch::net::Response Handle(const perch::net::Request&) override {
    return {.status = 503, .headers = {{"Content-Type", "text/plain"}}, .body = "the app cannot be reached\n"};
  }
};

class OneBranch : public perch::gateway::Router {
 public:
  explicit OneBranch(std::uint16_t port) : port_(port) {}
  Route Find(std::string_view) const override {
    return {.upstream_port = port_, .handler = &pages_, .is_branch = true};
  }

 private:
  std::uint16_t port_;
  mutable NotFound pages_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4 && argc != 6) {
    std::fprintf(stderr, "usage: perch_gateway LISTEN UPSTREAM_PORT [THREADS] [CERT KEY]\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);

  const OneBranch router(static_cast<std::uint16_t>(std::atoi(argv[2])));
  Gateway::Options options{.listen = {argv[1]}, .router = &router, .threads = argc > 3 ? std::atoi(argv[3]) : 0};
  if (argc == 6) options.tls = Gateway::Tls{.certificate = argv[4], .key = argv[5]};
  perch::Result<std::unique_ptr<Gateway>> gateway = Gateway::Start(std::move(options));
  if (!gateway) {
    std::fprintf(stderr, "%s\n", gateway.error().Text().c_str());
    return 1;
  }
  std::printf("listening on port %u\n", (*gateway)->ports().front());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
