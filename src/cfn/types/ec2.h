#pragma once

#include "cfn/types/tag.h"

/// Networks of Amazon EC2, as the CloudFormation registry describes them.
namespace perch::cfn::ec2 {

struct Vpc {
  static constexpr std::string_view kType = "AWS::EC2::VPC";
  static constexpr Attribute<Vpc> kCidrBlock{"CidrBlock"};
  Text cidr_block;
  Flag enable_dns_support, enable_dns_hostnames;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("CidrBlock", cidr_block)
        .Add("EnableDnsSupport", enable_dns_support)
        .Add("EnableDnsHostnames", enable_dns_hostnames)
        .Add("Tags", tags);
  }
};

struct InternetGateway {
  static constexpr std::string_view kType = "AWS::EC2::InternetGateway";
  std::vector<Tag> tags;
  Value Properties() const { return cfn::Properties().Add("Tags", tags); }
};

struct VpcGatewayAttachment {
  static constexpr std::string_view kType = "AWS::EC2::VPCGatewayAttachment";
  Text vpc_id, internet_gateway_id;
  Value Properties() const {
    return cfn::Properties().Add("VpcId", vpc_id).Add("InternetGatewayId", internet_gateway_id);
  }
};

struct Subnet {
  static constexpr std::string_view kType = "AWS::EC2::Subnet";
  Text vpc_id, cidr_block, availability_zone;
  Flag map_public_ip_on_launch;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("VpcId", vpc_id)
        .Add("CidrBlock", cidr_block)
        .Add("AvailabilityZone", availability_zone)
        .Add("MapPublicIpOnLaunch", map_public_ip_on_launch)
        .Add("Tags", tags);
  }
};

struct RouteTable {
  static constexpr std::string_view kType = "AWS::EC2::RouteTable";
  Text vpc_id;
  std::vector<Tag> tags;
  Value Properties() const { return cfn::Properties().Add("VpcId", vpc_id).Add("Tags", tags); }
};

struct Route {
  static constexpr std::string_view kType = "AWS::EC2::Route";
  Text route_table_id, destination_cidr_block, gateway_id;
  Value Properties() const {
    return cfn::Properties()
        .Add("RouteTableId", route_table_id)
        .Add("DestinationCidrBlock", destination_cidr_block)
        .Add("GatewayId", gateway_id);
  }
};

struct SubnetRouteTableAssociation {
  static constexpr std::string_view kType = "AWS::EC2::SubnetRouteTableAssociation";
  Text subnet_id, route_table_id;
  Value Properties() const { return cfn::Properties().Add("SubnetId", subnet_id).Add("RouteTableId", route_table_id); }
};

/// One direction of one rule, inside of a SecurityGroup.
struct Rule {
  Text description, ip_protocol, cidr_ip, cidr_ipv6;
  Number from_port, to_port;
  Value Properties() const {
    return cfn::Properties()
        .Add("Description", description)
        .Add("IpProtocol", ip_protocol)
        .Add("FromPort", from_port)
        .Add("ToPort", to_port)
        .Add("CidrIp", cidr_ip)
        .Add("CidrIpv6", cidr_ipv6);
  }
};

struct SecurityGroup {
  static constexpr std::string_view kType = "AWS::EC2::SecurityGroup";
  static constexpr Attribute<SecurityGroup> kGroupId{"GroupId"};
  Text group_description, vpc_id;
  std::vector<Rule> ingress, egress;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("GroupDescription", group_description)
        .Add("VpcId", vpc_id)
        .Add("SecurityGroupIngress", ingress)
        .Add("SecurityGroupEgress", egress)
        .Add("Tags", tags);
  }
};

/// A rule of its own, so that two groups can refer to each other without a circle.
struct SecurityGroupIngress {
  static constexpr std::string_view kType = "AWS::EC2::SecurityGroupIngress";
  Text description, group_id, ip_protocol, source_security_group_id;
  Number from_port, to_port;
  Value Properties() const {
    return cfn::Properties()
        .Add("Description", description)
        .Add("GroupId", group_id)
        .Add("IpProtocol", ip_protocol)
        .Add("FromPort", from_port)
        .Add("ToPort", to_port)
        .Add("SourceSecurityGroupId", source_security_group_id);
  }
};

}  // namespace perch::cfn::ec2
