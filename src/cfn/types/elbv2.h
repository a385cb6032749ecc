#pragma once

#include "cfn/types/tag.h"

/// Application load balancers, as the CloudFormation registry describes them.
namespace perch::cfn::elbv2 {

struct LoadBalancerAttribute {
  Text key, value;
  Value Properties() const { return cfn::Properties().Add("Key", key).Add("Value", value); }
};

struct LoadBalancer {
  static constexpr std::string_view kType = "AWS::ElasticLoadBalancingV2::LoadBalancer";
  static constexpr Attribute<LoadBalancer> kDnsName{"DNSName"};
  static constexpr Attribute<LoadBalancer> kCanonicalHostedZoneId{"CanonicalHostedZoneID"};
  Text type, scheme, ip_address_type;
  Texts subnets, security_groups;
  std::vector<LoadBalancerAttribute> attributes;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("Type", type)
        .Add("Scheme", scheme)
        .Add("IpAddressType", ip_address_type)
        .Add("Subnets", subnets)
        .Add("SecurityGroups", security_groups)
        .Add("LoadBalancerAttributes", attributes)
        .Add("Tags", tags);
  }
};

struct FixedResponse {
  Text status_code, content_type, message_body;  ///< body: at most 1,024 bytes
  Value Properties() const {
    return cfn::Properties()
        .Add("StatusCode", status_code)
        .Add("ContentType", content_type)
        .Add("MessageBody", message_body);
  }
};

struct Redirect {
  Text protocol, port, status_code;
  Value Properties() const {
    return cfn::Properties().Add("Protocol", protocol).Add("Port", port).Add("StatusCode", status_code);
  }
};

struct Action {
  Text type;  ///< "fixed-response", "redirect"
  std::optional<FixedResponse> fixed_response;
  std::optional<Redirect> redirect;
  Value Properties() const {
    return cfn::Properties()
        .Add("Type", type)
        .Add("FixedResponseConfig", fixed_response)
        .Add("RedirectConfig", redirect);
  }
};

struct Certificate {
  Text certificate_arn;
  Value Properties() const { return cfn::Properties().Add("CertificateArn", certificate_arn); }
};

struct Listener {
  static constexpr std::string_view kType = "AWS::ElasticLoadBalancingV2::Listener";
  Text load_balancer_arn, protocol, ssl_policy;
  Number port;
  std::vector<Certificate> certificates;
  std::vector<Action> default_actions;
  Value Properties() const {
    return cfn::Properties()
        .Add("LoadBalancerArn", load_balancer_arn)
        .Add("Port", port)
        .Add("Protocol", protocol)
        .Add("SslPolicy", ssl_policy)
        .Add("Certificates", certificates)
        .Add("DefaultActions", default_actions);
  }
};

}  // namespace perch::cfn::elbv2
