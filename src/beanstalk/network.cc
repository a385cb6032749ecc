#include "beanstalk/network.h"

#include <cstdint>

#include "base/text.h"
#include "cfn/types/ec2.h"

namespace perch::beanstalk {
namespace ec2 = cfn::ec2;

namespace {

cfn::Texts AsTexts(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

std::string Dotted(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += (text.empty() ? "" : ".") + std::to_string((address >> shift) & 0xff);
  }
  return text;
}

}  // namespace

std::vector<std::string> Quarters(std::string_view cidr) {
  const std::vector<std::string> parts = Split(cidr, '/');
  const std::optional<std::uint64_t> bits = parts.size() == 2 ? ParseNumber(parts[1]) : std::nullopt;
  if (!bits || *bits > 28) return {};
  std::uint32_t address = 0;
  const std::vector<std::string> bytes = Split(parts[0], '.');
  for (const std::string& byte : bytes) {
    const std::optional<std::uint64_t> number = ParseNumber(byte);
    if (bytes.size() != 4 || !number || *number > 255) return {};
    address = address << 8 | static_cast<std::uint32_t>(*number);
  }
  std::vector<std::string> quarters;
  const std::uint64_t inner = *bits + 2;
  for (std::uint32_t i = 0; i < 4; ++i) {
    quarters.push_back(Dotted(address + (i << (32 - inner))) + "/" + std::to_string(inner));
  }
  return quarters;
}

Network AddNetwork(cfn::Template& document, const AwsSettings& settings) {
  const PlaceSettings& place = settings.place;
  if (!place.vpc_id.empty()) {
    return {.vpc = place.vpc_id,
            .public_subnets = AsTexts(place.public_subnets),
            .private_subnets = AsTexts(place.private_subnets)};
  }
  const cfn::Handle<ec2::Vpc> vpc = document.Add(
      "Vpc", ec2::Vpc{.cidr_block = place.vpc_cidr, .enable_dns_support = true, .enable_dns_hostnames = true});
  const cfn::Handle<ec2::InternetGateway> gateway = document.Add("InternetGateway", ec2::InternetGateway{});
  const cfn::Handle<ec2::VpcGatewayAttachment> attachment = document.Add(
      "GatewayAttachment", ec2::VpcGatewayAttachment{.vpc_id = Ref(vpc), .internet_gateway_id = Ref(gateway)});
  const cfn::Handle<ec2::RouteTable> routes = document.Add("PublicRoutes", ec2::RouteTable{.vpc_id = Ref(vpc)});
  document.Add(
      "PublicRoute",
      ec2::Route{.route_table_id = Ref(routes), .destination_cidr_block = "0.0.0.0/0", .gateway_id = Ref(gateway)},
      {.depends_on = {attachment.id}});

  Network network{.vpc = Ref(vpc), .ready = {"PublicRoute"}};
  const std::vector<std::string> blocks = Quarters(place.vpc_cidr);
  for (int zone = 0; zone < 2; ++zone) {
    const std::string letter(1, static_cast<char>('A' + zone));
    const cfn::Handle<ec2::Subnet> open = document.Add(
        "PublicSubnet" + letter, ec2::Subnet{.vpc_id = Ref(vpc),
                                             .cidr_block = blocks.at(std::size_t(zone)),
                                             .availability_zone = cfn::Select(zone, cfn::AvailabilityZones()),
                                             .map_public_ip_on_launch = true});
    document.Add("PublicSubnetRoutes" + letter,
                 ec2::SubnetRouteTableAssociation{.subnet_id = Ref(open), .route_table_id = Ref(routes)});
    network.ready.push_back("PublicSubnetRoutes" + letter);
    // Its route table is the network's own, which leads nowhere but inside.
    const cfn::Handle<ec2::Subnet> closed = document.Add(
        "PrivateSubnet" + letter, ec2::Subnet{.vpc_id = Ref(vpc),
                                              .cidr_block = blocks.at(std::size_t(zone) + 2),
                                              .availability_zone = cfn::Select(zone, cfn::AvailabilityZones())});
    network.public_subnets.push_back(Ref(open));
    network.private_subnets.push_back(Ref(closed));
  }
  return network;
}

}  // namespace perch::beanstalk
