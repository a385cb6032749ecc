#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "beanstalk/settings.h"
#include "cfn/template.h"

namespace perch::beanstalk {

/// Where the application's resources lie: expressions or ids.
struct Network {
  cfn::Text vpc;
  cfn::Texts public_subnets, private_subnets;
  std::vector<std::string> ready;  ///< logical ids that must be there before anything can be reached from outside
};

/// The existing network of the settings, or a new one: two public and two private subnets in two availability zones,
/// without a NAT gateway (instances have public addresses; nothing may connect to them but the load balancer).
Network AddNetwork(cfn::Template& document, const AwsSettings& settings);

/// The four quarters of an IPv4 network: "10.70.0.0/16" → "10.70.0.0/18", … Empty when `cidr` is none, or longer
/// than /28.
std::vector<std::string> Quarters(std::string_view cidr);

}  // namespace perch::beanstalk
