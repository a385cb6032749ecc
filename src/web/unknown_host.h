#pragma once

#include "net/http.h"
#include "web/hosts.h"

namespace perch::web {

/// 421 for a host name that perch does not serve: what a page of somewhere else gets when it pretends to be perch's
/// (DNS rebinding). Says which names are served, unless `secretive`.
net::Response UnknownHostAnswer(const Hosts& hosts, bool secretive, const net::Request& request);

/// The same as a handler.
class UnknownHost : public net::Handler {
 public:
  UnknownHost(Hosts hosts, bool secretive) : hosts_(std::move(hosts)), secretive_(secretive) {}
  net::Response Handle(const net::Request& request) override { return UnknownHostAnswer(hosts_, secretive_, request); }

 private:
  const Hosts hosts_;
  const bool secretive_;
};

}  // namespace perch::web
