#pragma once

#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct HostedZone {
  std::string id;    ///< without "/hostedzone/"
  std::string name;  ///< with the last dot
  bool is_private = false;
};

struct RecordSet {
  std::string name;  ///< with the last dot; "*" decoded
  std::string type, set_identifier;
  std::vector<std::string> values;
  std::string alias;  ///< the target of an alias; "" for plain records
  std::uint64_t ttl = 0;
};

/// Amazon Route 53.
class Route53 {
 public:
  explicit Route53(Client client) : client_(std::move(client)) {}

  /// From `name` on, in DNS order; "" for all.
  Pages<HostedZone> ListHostedZonesByName(const std::string& name = "") const;
  /// The zones with exactly that name, public and private ones.
  Answer<std::vector<HostedZone>> FindHostedZones(const std::string& name) const;
  Pages<RecordSet> ListResourceRecordSets(const std::string& zone_id) const;

 private:
  Client client_;
};

/// Route 53's names with \ooo octal escapes ("\052" for '*') as they are meant.
std::string DecodeDnsName(std::string_view name);

}  // namespace perch::aws
