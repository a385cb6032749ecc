#include "aws/rds.h"

#include "aws/query_pages.h"
#include "aws/times.h"
#include "base/text.h"

namespace perch::aws {
namespace {

std::map<std::string, std::string> ReadTags(const pugi::xml_node& node) {
  std::map<std::string, std::string> tags;
  EachMember(
      node, "TagList", [&](const pugi::xml_node& tag) { tags[TextOf(tag, "Key")] = TextOf(tag, "Value"); }, "Tag");
  return tags;
}

DatabaseSnapshot ReadSnapshot(const pugi::xml_node& node) {
  return {.id = TextOf(node, "DBSnapshotIdentifier"),
          .arn = TextOf(node, "DBSnapshotArn"),
          .instance = TextOf(node, "DBInstanceIdentifier"),
          .status = TextOf(node, "Status"),
          .type = TextOf(node, "SnapshotType"),
          .created = ParseAwsTime(TextOf(node, "SnapshotCreateTime")),
          .gibibytes = ParseNumber(TextOf(node, "AllocatedStorage")).value_or(0),
          .tags = ReadTags(node)};
}

DatabaseInstance ReadInstance(const pugi::xml_node& node) {
  return {.id = TextOf(node, "DBInstanceIdentifier"),
          .arn = TextOf(node, "DBInstanceArn"),
          .status = TextOf(node, "DBInstanceStatus"),
          .instance_class = TextOf(node, "DBInstanceClass"),
          .engine = TextOf(node, "Engine"),
          .endpoint = TextOf(node.child("Endpoint"), "Address"),
          .deletion_protection = TrueIn(node, "DeletionProtection"),
          .tags = ReadTags(node)};
}

}  // namespace

Pages<DatabaseSnapshot> Rds::DescribeDBSnapshots(const std::string& instance, const std::string& type) const {
  QueryParameters parameters;
  parameters.AddIf("SnapshotType", type).AddIf("DBInstanceIdentifier", instance);
  return QueryPages<DatabaseSnapshot>(client_, Service::kRds, "DescribeDBSnapshots", parameters,
                                      {.list = "DBSnapshots", .item = "DBSnapshot", .token = "Marker"}, &ReadSnapshot);
}

Pages<DatabaseInstance> Rds::DescribeDBInstances(const std::string& instance) const {
  QueryParameters parameters;
  parameters.AddIf("DBInstanceIdentifier", instance);
  return QueryPages<DatabaseInstance>(client_, Service::kRds, "DescribeDBInstances", parameters,
                                      {.list = "DBInstances", .item = "DBInstance", .token = "Marker"}, &ReadInstance);
}

Answer<void> Rds::DeleteDBSnapshot(const std::string& snapshot) const {
  return CallQuery(client_, Service::kRds, "DeleteDBSnapshot", QueryParameters().Add("DBSnapshotIdentifier", snapshot));
}

}  // namespace perch::aws
