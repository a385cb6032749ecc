#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "base/text.h"
#include "cfn/check_context.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

bool Has(const Value& properties, std::string_view name) {
  return PresenceOf(properties.Find(name)) == Presence::kPresent;
}
bool Lacks(const Value& properties, std::string_view name) {
  return PresenceOf(properties.Find(name)) == Presence::kAbsent;
}
Place At(const Value& properties, const Place& place, std::string_view name) {
  for (const Value::Entry& entry : *properties.AsMap()) {
    if (entry.key == name) return Place(place, entry);
  }
  return place;
}

/// S3 user guide, "Bucket naming rules".
void CheckBucket(Context& context, const Value& properties, const Place& place) {
  std::string buffer;
  const std::string* name = LiteralOf(&properties, "BucketName", buffer);
  if (!name) return;
  const Place at = At(properties, place, "BucketName");
  const auto refuse = [&](const std::string& why) {
    context.Error(at, "the bucket name " + Quoted(*name) + " " + why);
  };
  if (name->size() < 3 || name->size() > 63) {
    refuse("has " + std::to_string(name->size()) + " characters; 3 to 63 are allowed");
  }
  const auto fits = [](unsigned char c) { return (std::isalnum(c) && !std::isupper(c)) || c == '.' || c == '-'; };
  const auto is_edge = [](unsigned char c) { return c != '.' && c != '-'; };
  if (!std::all_of(name->begin(), name->end(), fits)) {
    refuse("may only have lower-case letters, digits, dots and hyphens");
  } else if (!name->empty() && !(is_edge(static_cast<unsigned char>(name->front())) &&
                                 is_edge(static_cast<unsigned char>(name->back())))) {
    refuse("must begin and end with a letter or digit");
  }
  if (name->find("..") != std::string::npos) refuse("has two dots in a row");
  static const Pattern kAddress("^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$");
  if (kAddress.Matches(*name)) refuse("looks like an IP address");
  for (const char* prefix : {"xn--", "sthree-", "amzn-s3-demo-"}) {
    if (name->starts_with(prefix)) refuse("begins with `" + std::string(prefix) + "`, which is reserved");
  }
  for (const char* suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name->ends_with(suffix)) refuse("ends with `" + std::string(suffix) + "`, which is reserved");
  }
}

void CheckRecord(Context& context, const Value& properties, const Place& place) {
  std::string buffer, other;
  static const std::vector<std::string> kTypes = {"A",   "AAAA",  "CAA",  "CNAME", "DS",  "HTTPS",
                                                  "MX",  "NAPTR", "NS",   "PTR",   "SOA", "SPF",
                                                  "SRV", "SSHFP", "SVCB", "TLSA",  "TXT"};
  const std::string* type = LiteralOf(&properties, "Type", buffer);
  if (type && std::find(kTypes.begin(), kTypes.end(), *type) == kTypes.end()) {
    context.Error(At(properties, place, "Type"), Quoted(*type) + " is no type of a DNS record", "Most are A or CNAME.");
  }
  if (Has(properties, "AliasTarget")) {
    for (const char* name : {"TTL", "ResourceRecords"}) {
      if (Has(properties, name)) {
        context.Error(At(properties, place, name), "a record with `AliasTarget` has no " + Quoted(name),
                      "Take it out.");
      }
    }
  } else if (Lacks(properties, "AliasTarget")) {
    if (Lacks(properties, "ResourceRecords")) {
      context.Error(place, "the record needs `AliasTarget`, or `ResourceRecords` with `TTL`");
    } else if (Has(properties, "ResourceRecords") && Lacks(properties, "TTL")) {
      context.Error(place, "the record needs `TTL`", "Seconds, for example 300.");
    }
  }
  if (const std::string* zone = LiteralOf(&properties, "HostedZoneName", other); zone && !zone->ends_with('.')) {
    context.Error(At(properties, place, "HostedZoneName"), "the zone's name " + Quoted(*zone) + " must end with a dot",
                  "Write \"" + Printable(*zone) + ".\".");
  }
  const Value* records = properties.Find("ResourceRecords");
  if (type && (*type == "CNAME" || *type == "SOA") && records && records->AsList() && records->AsList()->size() > 1) {
    context.Error(At(properties, place, "ResourceRecords"), "a " + *type + " record has exactly one value");
  }
  std::string name_buffer;
  const std::string* name = LiteralOf(&properties, "Name", name_buffer);
  if (!name) return;
  const std::string_view bare = name->ends_with('.') ? std::string_view(*name).substr(0, name->size() - 1) : *name;
  const std::vector<std::string> labels = Split(bare, '.');
  if (bare.empty() || bare.size() > 253 ||
      std::any_of(labels.begin(), labels.end(), [](const std::string& l) { return l.empty() || l.size() > 63; })) {
    context.Error(At(properties, place, "Name"), Quoted(*name) + " is no domain name",
                  "Its parts have 1 to 63 characters, all together 253.");
  }
}

void CheckListener(Context& context, const Value& properties, const Place& place) {
  std::string buffer;
  const std::string* protocol = LiteralOf(&properties, "Protocol", buffer);
  if (!protocol) return;
  const Value* certificates = properties.Find("Certificates");
  const bool none =
      PresenceOf(certificates) == Presence::kAbsent || (certificates->AsList() && certificates->AsList()->empty());
  if ((*protocol == "HTTPS" || *protocol == "TLS") && none) {
    context.Error(At(properties, place, "Protocol"), "a listener for " + *protocol + " needs `Certificates`",
                  "Give it [{\"CertificateArn\": …}].");
  } else if ((*protocol == "HTTP" || *protocol == "TCP") && Has(properties, "Certificates")) {
    context.Error(At(properties, place, "Certificates"), "a listener for " + *protocol + " takes no certificate",
                  *protocol == "HTTP" ? "Is its protocol HTTPS?" : "Is its protocol TLS?");
  }
}

void CheckLoadBalancer(Context& context, const Value& properties, const Place& place) {
  std::string buffer;
  const std::string* name = LiteralOf(&properties, "Name", buffer);
  static const Pattern kName("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$");
  if (name && (!kName.Matches(*name) || name->starts_with("internal-"))) {
    context.Error(At(properties, place, "Name"), Quoted(*name) + " is no name of a load balancer",
                  "At most 32 letters, digits and hyphens; no hyphen at its ends, and not `internal-` at its start.");
  }
}

/// The description of a rule has the same letters as that of its group (EC2 API reference, IpRange).
void CheckDescription(Context& context, const Value& description, const Place& place) {
  std::string buffer;
  const std::string* text = ScalarText(description, buffer);
  if (!text || HasDynamicReference(*text)) return;
  static const Pattern kLetters("^[a-zA-Z0-9. _\\-:/()#,@\\[\\]+=&;{}!$*]*$");
  if (text->size() > 255) {
    context.Error(place, "the description has " + std::to_string(text->size()) + " characters, and may have 255");
  } else if (!kLetters.Matches(*text)) {
    context.Error(place, "the description " + Quoted(*text) + " has a character that EC2 refuses",
                  "It takes letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*.");
  }
}

void CheckPorts(Context& context, const Value& rule, const Place& place) {
  const std::optional<std::int64_t> from = WholeOf(rule.Find("FromPort"));
  const std::optional<std::int64_t> to = WholeOf(rule.Find("ToPort"));
  std::string buffer;
  const std::string* protocol = LiteralOf(&rule, "IpProtocol", buffer);
  if (!protocol || (*protocol != "tcp" && *protocol != "udp" && *protocol != "6" && *protocol != "17")) return;
  if (Lacks(rule, "FromPort") || Lacks(rule, "ToPort")) {
    context.Error(place, "a rule for " + *protocol + " needs `FromPort` and `ToPort`");
  } else if (from && to && (*from > *to || *to > 65535 || *from < 0)) {
    context.Error(place, "ports " + std::to_string(*from) + " to " + std::to_string(*to) + " are no range of ports",
                  "The first is not above the last, and both are 0 to 65535.");
  }
}

void CheckSecurityGroup(Context& context, const ResourceInfo& resource, const Value& properties, const Place& place) {
  if (resource.type != "AWS::EC2::SecurityGroup") {
    if (const Value* text = properties.Find("Description"))
      CheckDescription(context, *text, At(properties, place, "Description"));
    return CheckPorts(context, properties, place);
  }
  for (const char* name : {"SecurityGroupIngress", "SecurityGroupEgress"}) {
    const Value* rules = properties.Find(name);
    const Value::List* list = rules ? rules->AsList() : nullptr;
    const Place at = At(properties, place, name);
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      const Value& rule = (*list)[i];
      if (!rule.AsMap() || FunctionOf(rule)) continue;
      const Place inner(at, i, rule);
      CheckPorts(context, rule, inner);
      if (const Value* text = rule.Find("Description"))
        CheckDescription(context, *text, Place(inner, "Description", text->at));
    }
  }
  std::string buffer;
  const std::string* name = LiteralOf(&properties, "GroupName", buffer);
  if (name && name->starts_with("sg-")) {
    context.Error(At(properties, place, "GroupName"), "a security group's name cannot begin with `sg-`");
  }
}

}  // namespace

void CheckRules(Context& context, const ResourceInfo& resource, const Value& properties, const Place& place) {
  const std::string_view type = resource.type;
  if (type == "AWS::S3::Bucket") return CheckBucket(context, properties, place);
  if (type == "AWS::Route53::RecordSet") return CheckRecord(context, properties, place);
  if (type == "AWS::ElasticLoadBalancingV2::Listener") return CheckListener(context, properties, place);
  if (type == "AWS::ElasticLoadBalancingV2::LoadBalancer") return CheckLoadBalancer(context, properties, place);
  if (type.starts_with("AWS::EC2::SecurityGroup")) return CheckSecurityGroup(context, resource, properties, place);
  if (type == "AWS::RDS::DBInstance") return CheckDatabase(context, properties, place);
  if (type == "AWS::ElasticBeanstalk::Environment") return CheckEnvironment(context, properties, place);
}

}  // namespace perch::cfn
