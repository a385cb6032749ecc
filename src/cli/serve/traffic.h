#pragma once

#include <atomic>

#include "engine/ports.h"
#include "gateway/gateway.h"
#include "gateway/route_table.h"

namespace perch::cli {

/// What the local platform tells, done by the gateway. The platform is made before the gateway is: Connect in between,
/// before anything is routed.
class GatewayTraffic : public engine::Traffic {
 public:
  void Connect(gateway::RouteTable* table, gateway::Gateway* gateway) {
    table_ = table;
    gateway_ = gateway;
  }
  void Route(const std::string& slug, std::uint16_t port) override {
    if (gateway::RouteTable* table = table_) table->SetBranch(slug, port);
  }
  void Unroute(const std::string& slug) override {
    if (gateway::RouteTable* table = table_) table->ClearBranch(slug);
  }
  void Drain(std::uint16_t port, std::chrono::milliseconds timeout) override {
    if (gateway::Gateway* gateway = gateway_) gateway->Drain(port, timeout);
  }

 private:
  std::atomic<gateway::RouteTable*> table_ = nullptr;
  std::atomic<gateway::Gateway*> gateway_ = nullptr;
};

}  // namespace perch::cli
