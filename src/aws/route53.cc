#include "aws/route53.h"

#include "aws/xml.h"
#include "base/text.h"

namespace perch::aws {
namespace {

constexpr std::string_view kZonePrefix = "/hostedzone/";

Call Get(const std::string& operation, const std::string& path) {
  return {.service = Service::kRoute53, .operation = operation, .method = "GET", .path = "/2013-04-01" + path};
}

/// A page's token holds up to three markers; none of them can hold a space.
std::string Marker(const std::string& token, std::size_t number) {
  const std::vector<std::string> parts = Split(token, ' ');
  return number < parts.size() ? parts[number] : "";
}

HostedZone ReadZone(const pugi::xml_node& node) {
  std::string id = TextOf(node, "Id");
  if (id.starts_with(kZonePrefix)) id.erase(0, kZonePrefix.size());
  return {
      .id = id, .name = DecodeDnsName(TextOf(node, "Name")), .is_private = TrueIn(node.child("Config"), "PrivateZone")};
}

RecordSet ReadRecord(const pugi::xml_node& node) {
  RecordSet record{.name = DecodeDnsName(TextOf(node, "Name")),
                   .type = TextOf(node, "Type"),
                   .set_identifier = TextOf(node, "SetIdentifier"),
                   .alias = TextOf(node.child("AliasTarget"), "DNSName"),
                   .ttl = ParseNumber(TextOf(node, "TTL")).value_or(0)};
  for (const pugi::xml_node& value : node.child("ResourceRecords").children("ResourceRecord")) {
    record.values.push_back(TextOf(value, "Value"));
  }
  return record;
}

/// One page of <root><list><item>…, the markers of the next one joined.
template <typename T>
Answer<Page<T>> AskPage(const Client& client, const Call& call, const char* root, const char* list, const char* item,
                        T (*read_item)(const pugi::xml_node&), const std::vector<const char*>& markers) {
  Page<T> page;
  const auto read = [&](const net::RemoteResponse& response) -> Answer<void> {
    pugi::xml_document document;
    if (Answer<void> whole = ParseXml(response.body, root, document); !whole) return whole;
    const pugi::xml_node node = document.document_element();
    if (!node.child(list)) return Unreadable("it has no <" + std::string(list) + ">");
    page = {};
    for (const pugi::xml_node& child : node.child(list).children(item)) page.items.push_back(read_item(child));
    if (!TrueIn(node, "IsTruncated")) return {};
    for (const char* marker : markers) page.next += (page.next.empty() ? "" : " ") + TextOf(node, marker);
    if (Trim(page.next).empty()) return Unreadable("it is cut and does not say how it goes on");
    return {};
  };
  Answer<net::RemoteResponse> response = client.Send(call, read);
  if (!response) return Failed(response.error());
  return page;
}

}  // namespace

std::string DecodeDnsName(std::string_view name) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 3 < name.size() && octal(name[i + 1]) && octal(name[i + 2]) && octal(name[i + 3])) {
      text += char((name[i + 1] - '0') * 64 + (name[i + 2] - '0') * 8 + (name[i + 3] - '0'));
      i += 3;
    } else {
      text += name[i];
    }
  }
  return text;
}

Pages<HostedZone> Route53::ListHostedZonesByName(const std::string& name) const {
  return Pages<HostedZone>([client = client_, name](const std::string& token) {
    Call call = Get("ListHostedZonesByName", "/hostedzonesbyname");
    const std::string from = token.empty() ? name : Marker(token, 0);
    if (!from.empty()) call.query.emplace_back("dnsname", from);
    if (const std::string id = Marker(token, 1); !id.empty()) call.query.emplace_back("hostedzoneid", id);
    return AskPage<HostedZone>(client, call, "ListHostedZonesByNameResponse", "HostedZones", "HostedZone", &ReadZone,
                               {"NextDNSName", "NextHostedZoneId"});
  });
}

Answer<std::vector<HostedZone>> Route53::FindHostedZones(const std::string& name) const {
  const std::string wanted = name.ends_with('.') ? name : name + ".";
  std::vector<HostedZone> found;
  Answer<void> done = ListHostedZonesByName(wanted).ForEach([&](HostedZone& zone) {
    if (zone.name != wanted) return false;  // the list begins with them
    found.push_back(std::move(zone));
    return true;
  });
  if (!done) return Failed(done.error());
  return found;
}

Pages<RecordSet> Route53::ListResourceRecordSets(const std::string& zone_id) const {
  return Pages<RecordSet>([client = client_, zone_id](const std::string& token) {
    Call call = Get("ListResourceRecordSets", "/hostedzone/" + PercentEncode(zone_id) + "/rrset");
    constexpr const char* kNames[] = {"name", "type", "identifier"};
    for (std::size_t i = 0; i < 3; ++i) {
      if (const std::string value = Marker(token, i); !value.empty()) call.query.emplace_back(kNames[i], value);
    }
    return AskPage<RecordSet>(client, call, "ListResourceRecordSetsResponse", "ResourceRecordSets", "ResourceRecordSet",
                              &ReadRecord, {"NextRecordName", "NextRecordType", "NextRecordIdentifier"});
  });
}

}  // namespace perch::aws
