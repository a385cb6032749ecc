#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

/// A range of addresses, as in 10.70.0.0/16.
struct AddressRange {
  std::array<unsigned char, 16> bytes{};
  int size = 4;  ///< bytes of an address: 4 or 16
  int prefix = 0;
};

std::optional<AddressRange> ParseRange(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos || text.size() > 49) return std::nullopt;
  const std::string address = text.substr(0, slash);
  const std::optional<std::uint64_t> prefix = ParseNumber(std::string_view(text).substr(slash + 1));
  AddressRange range{.size = address.find(':') == address.npos ? 4 : 16};
  if (!prefix || *prefix > std::uint64_t(range.size) * 8) return std::nullopt;
  if (inet_pton(range.size == 4 ? AF_INET : AF_INET6, address.c_str(), range.bytes.data()) != 1) return std::nullopt;
  range.prefix = int(*prefix);
  return range;
}

/// The same range with all bits after the prefix cleared.
AddressRange Cleared(AddressRange range) {
  for (int bit = range.prefix; bit < range.size * 8; ++bit) {
    range.bytes[std::size_t(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> (bit % 8)));
  }
  return range;
}

std::string FormatRange(const AddressRange& range) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(range.size == 4 ? AF_INET : AF_INET6, range.bytes.data(), text, sizeof text);
  return std::string(text) + "/" + std::to_string(range.prefix);
}

/// The range, or a problem at `at` about it.
std::optional<AddressRange> CheckRange(Tree& tree, const std::string& path, const std::string& text, const Source& at) {
  const std::optional<AddressRange> range = ParseRange(text);
  if (!range) {
    const bool bare = text.find('/') == text.npos && (ParseRange(text + "/32") || ParseRange(text + "/128"));
    const std::string one = text + (text.find(':') == text.npos ? "/32" : "/128");
    tree.Add(at, "`" + path + "` is no range of addresses: " + Quoted(text),
             bare ? "Write " + one + " for this one address." : "A range looks like 203.0.113.0/24 or 2001:db8::/32.");
    return std::nullopt;
  }
  const AddressRange cleared = Cleared(*range);
  if (cleared.bytes != range->bytes) {
    tree.Add(at, "`" + path + "` is " + Quoted(text) + ", whose address has bits behind its prefix",
             "Write " + FormatRange(cleared) + ".");
    return std::nullopt;
  }
  return range;
}

bool IsPrivate(const AddressRange& range) {  // RFC 1918
  const auto& b = range.bytes;
  return range.size == 4 && (b[0] == 10 || (b[0] == 172 && b[1] >= 16 && b[1] < 32) || (b[0] == 192 && b[1] == 168));
}

/// "vpc-" or "subnet-" and 8 or 17 hexadecimal digits.
bool IsId(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return (text.size() == 8 || text.size() == 17) && AllOf(text, "0123456789abcdef");
}

void ReadSubnets(Tree& tree, const char* path, const char* need, std::vector<std::string>& subnets) {
  const Value* list = tree.At(path);
  const std::string name = "`" + std::string(path) + "`";
  if (!list || !list->AsList()) {
    tree.Complain(path, name + " is missing", need);
    return;
  }
  std::set<std::string> seen;
  for (const Value& item : *list->AsList()) {
    if (!item.AsString()) continue;
    const std::string& subnet = *item.AsString();
    subnets.push_back(subnet);
    if (!IsId(subnet, "subnet-")) {
      tree.Add(item.at, name + " holds " + Quoted(subnet) + ", which is no id of a subnet",
               "An id looks like subnet-0a1b2c3d4e5f60718.");
    } else if (!seen.insert(subnet).second) {
      tree.Add(item.at, name + " holds " + Quoted(subnet) + " twice", "Remove one of them.");
    }
  }
  if (subnets.size() < 2) {
    tree.Complain(path, name + " needs at least two subnets, not " + std::to_string(subnets.size()), need);
  }
}

void ReadExisting(Tree& tree, PlaceSettings& place) {
  place.vpc_id = tree.Text("aws.vpc.id");
  if (place.vpc_id.empty()) {
    const char* written = tree.Has("aws.vpc.public_subnets") ? "aws.vpc.public_subnets" : "aws.vpc.private_subnets";
    tree.Complain(written, "`" + std::string(written) + "` needs `aws.vpc.id`",
                  "Write the id of the network beside it.");
    return;
  }
  if (!IsId(place.vpc_id, "vpc-")) {
    tree.Complain("aws.vpc.id", "`aws.vpc.id` is no id of a network: " + Quoted(place.vpc_id),
                  "An id looks like vpc-0a1b2c3d4e5f60718.");
  }
  ReadSubnets(tree, "aws.vpc.public_subnets",
              "Name subnets of that network in two availability zones: a load balancer needs them.",
              place.public_subnets);
  ReadSubnets(tree, "aws.vpc.private_subnets",
              "Name subnets of that network in two availability zones: a database needs them.", place.private_subnets);
}

}  // namespace

void ReadNetwork(Tree& tree, AwsSettings& settings) {
  PlaceSettings& place = settings.place;
  if (tree.Has("aws.vpc.id") || tree.Has("aws.vpc.public_subnets") || tree.Has("aws.vpc.private_subnets")) {
    ReadExisting(tree, place);
  } else {
    place.vpc_cidr = tree.Text("aws.vpc.cidr");
    const auto range = CheckRange(tree, "aws.vpc.cidr", place.vpc_cidr, tree.Place("aws.vpc.cidr"));
    if (range && (!IsPrivate(*range) || range->prefix < 16 || range->prefix > 24)) {
      tree.Complain("aws.vpc.cidr",
                    "`aws.vpc.cidr` is " + Quoted(place.vpc_cidr) + ", which cannot be a network of perch's",
                    "Take a private range, /16 to /24, such as 10.70.0.0/16.");
    }
  }
  const Value* cidrs = tree.At("access.cidrs");
  for (std::size_t i = 0; cidrs && cidrs->AsList() && i < cidrs->AsList()->size(); ++i) {
    const Value& item = (*cidrs->AsList())[i];
    if (!item.AsString()) continue;
    settings.cidrs.push_back(*item.AsString());
    CheckRange(tree, "access.cidrs[" + std::to_string(i + 1) + "]", *item.AsString(), item.at);
  }
  if (settings.cidrs.empty()) {
    tree.Complain("access.cidrs", "`access.cidrs` is empty, so nobody could reach any link",
                  "Name at least one range; [\"0.0.0.0/0\", \"::/0\"] is everybody.");
  }
}

}  // namespace perch::beanstalk
