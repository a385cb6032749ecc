#include "aws/cloudformation.h"

#include "aws/query.h"
#include "aws/times.h"

namespace perch::aws {
namespace {

constexpr Service kService = Service::kCloudFormation;

TextMap MapOf(const pugi::xml_node& node, const char* list, const char* key, const char* value) {
  TextMap map;
  EachMember(node, list, [&](const pugi::xml_node& member) { map[TextOf(member, key)] = TextOf(member, value); });
  return map;
}

std::vector<std::string> ReadExports(const pugi::xml_node& stack) {
  std::vector<std::string> exports;
  EachMember(stack, "Outputs", [&](const pugi::xml_node& output) {
    std::string name = TextOf(output, "ExportName");
    if (!name.empty()) exports.push_back(std::move(name));
  });
  return exports;
}

std::string ReadText(const pugi::xml_node& node) { return node.text().get(); }

Stack ReadStack(const pugi::xml_node& node) {
  return {.id = TextOf(node, "StackId"),
          .name = TextOf(node, "StackName"),
          .status = TextOf(node, "StackStatus"),
          .status_reason = TextOf(node, "StackStatusReason"),
          .description = TextOf(node, "Description"),
          .outputs = MapOf(node, "Outputs", "OutputKey", "OutputValue"),
          .parameters = MapOf(node, "Parameters", "ParameterKey", "ParameterValue"),
          .tags = MapOf(node, "Tags", "Key", "Value"),
          .exports = ReadExports(node),
          .created = ParseAwsTime(TextOf(node, "CreationTime")),
          .updated = ParseAwsTime(TextOf(node, "LastUpdatedTime")),
          .parent_id = TextOf(node, "ParentId"),
          .root_id = TextOf(node, "RootId"),
          .role_arn = TextOf(node, "RoleARN"),
          .termination_protection = TrueIn(node, "EnableTerminationProtection")};
}

StackResource ReadResource(const pugi::xml_node& node) {
  return {.logical_id = TextOf(node, "LogicalResourceId"),
          .physical_id = TextOf(node, "PhysicalResourceId"),
          .type = TextOf(node, "ResourceType"),
          .status = TextOf(node, "ResourceStatus"),
          .status_reason = TextOf(node, "ResourceStatusReason")};
}

StackEvent ReadEvent(const pugi::xml_node& node) {
  return {.id = TextOf(node, "EventId"),
          .stack_id = TextOf(node, "StackId"),
          .logical_id = TextOf(node, "LogicalResourceId"),
          .physical_id = TextOf(node, "PhysicalResourceId"),
          .type = TextOf(node, "ResourceType"),
          .status = TextOf(node, "ResourceStatus"),
          .reason = TextOf(node, "ResourceStatusReason"),
          .token = TextOf(node, "ClientRequestToken"),
          .time = ParseAwsTime(TextOf(node, "Timestamp"))};
}

Change ReadChange(const pugi::xml_node& member) {
  const pugi::xml_node node = member.child("ResourceChange");
  Change change{.action = TextOf(node, "Action"),
                .logical_id = TextOf(node, "LogicalResourceId"),
                .physical_id = TextOf(node, "PhysicalResourceId"),
                .type = TextOf(node, "ResourceType"),
                .replacement = TextOf(node, "Replacement")};
  EachMember(node, "Scope", [&](const pugi::xml_node& scope) { change.scope.emplace_back(scope.text().get()); });
  EachMember(node, "Details", [&](const pugi::xml_node& detail) {
    const std::string name = TextOf(detail.child("Target"), "Name");
    if (!name.empty()) change.properties.push_back(name);
  });
  return change;
}

/// One page of a list: `list` has to be there, even if it is empty.
template <typename T>
Answer<Page<T>> AskPage(const Client& client, const std::string& operation, QueryParameters parameters,
                        const std::string& token, const char* list, T (*read_item)(const pugi::xml_node&)) {
  parameters.AddIf("NextToken", token);
  Page<T> page;
  Answer<void> done = CallQuery(client, kService, operation, parameters, [&](pugi::xml_node result) -> Answer<void> {
    if (!result.child(list)) return Unreadable("it has no <" + std::string(list) + ">");
    page = {};
    EachMember(result, list, [&](const pugi::xml_node& member) { page.items.push_back(read_item(member)); });
    page.next = TextOf(result, "NextToken");
    return {};
  });
  if (!done) return Failed(done.error());
  return page;
}

bool SaysNothingToDo(const ChangeSet& set) {
  return set.status == "FAILED" && (set.status_reason.find("didn't contain changes") != std::string::npos ||
                                    set.status_reason.find("No updates are to be performed") != std::string::npos);
}

}  // namespace

Answer<Stack> CloudFormation::DescribeStack(const std::string& stack) const {
  Stack found;
  QueryParameters parameters;
  parameters.Add("StackName", stack);
  Answer<void> done =
      CallQuery(client_, kService, "DescribeStacks", parameters, [&](pugi::xml_node result) -> Answer<void> {
        const pugi::xml_node first = result.child("Stacks").child("member");
        if (!first) return Unreadable("it has no stack");
        found = ReadStack(first);
        return {};
      });
  if (!done) return Failed(done.error());
  return found;
}

Pages<Stack> CloudFormation::DescribeStacks() const {
  return Pages<Stack>([client = client_](const std::string& token) {
    return AskPage<Stack>(client, "DescribeStacks", {}, token, "Stacks", &ReadStack);
  });
}

Pages<Stack> CloudFormation::ListStacks(const std::string& status) const {
  return Pages<Stack>([client = client_, status](const std::string& token) {
    return AskPage<Stack>(client, "ListStacks", QueryParameters().Add("StackStatusFilter.member.1", status), token,
                          "StackSummaries", &ReadStack);
  });
}

Pages<StackResource> CloudFormation::ListStackResources(const std::string& stack) const {
  return Pages<StackResource>([client = client_, stack](const std::string& token) {
    return AskPage<StackResource>(client, "ListStackResources", QueryParameters().Add("StackName", stack), token,
                                  "StackResourceSummaries", &ReadResource);
  });
}

Answer<std::vector<std::string>> CloudFormation::ImportersOf(const std::string& export_name) const {
  const Pages<std::string> pages([&](const std::string& token) {
    return AskPage<std::string>(client_, "ListImports", QueryParameters().Add("ExportName", export_name), token,
                                "Imports", &ReadText);
  });
  Answer<std::vector<std::string>> importers = pages.All();
  // Nobody is told as an error, which has no code of its own.
  if (!importers && importers.error().message.contains("is not imported by any stack")) return {};
  return importers;
}

Pages<StackEvent> CloudFormation::DescribeStackEvents(const std::string& stack) const {
  return Pages<StackEvent>([client = client_, stack](const std::string& token) {
    return AskPage<StackEvent>(client, "DescribeStackEvents", QueryParameters().Add("StackName", stack), token,
                               "StackEvents", &ReadEvent);
  });
}

Answer<ChangeSetIds> CloudFormation::CreateChangeSet(const ChangeSetRequest& request) const {
  QueryParameters parameters;
  parameters.Add("StackName", request.stack).Add("ChangeSetName", request.name);
  parameters.Add("ChangeSetType", request.create ? "CREATE" : "UPDATE");
  parameters.AddIf("TemplateBody", request.template_body).AddIf("TemplateURL", request.template_url);
  parameters.AddPairs("Parameters", request.parameters, "ParameterKey", "ParameterValue");
  parameters.AddPairs("Tags", request.tags, "Key", "Value");
  parameters.AddList("Capabilities", request.capabilities);
  parameters.AddIf("RoleARN", request.role_arn).AddIf("Description", request.description);
  parameters.AddIf("ClientToken", request.token);
  ChangeSetIds ids;
  Answer<void> done =
      CallQuery(client_, kService, "CreateChangeSet", parameters, [&](pugi::xml_node result) -> Answer<void> {
        ids = {.change_set = TextOf(result, "Id"), .stack = TextOf(result, "StackId")};
        if (ids.change_set.empty()) return Unreadable("it has no <Id>");
        return {};
      });
  if (!done) return Failed(done.error());
  return ids;
}

Answer<ChangeSet> CloudFormation::DescribeChangeSet(const std::string& change_set) const {
  ChangeSet set;
  const Pages<Change> pages([&](const std::string& token) -> Answer<Page<Change>> {
    Page<Change> page;
    QueryParameters parameters;
    parameters.Add("ChangeSetName", change_set).AddIf("NextToken", token);
    Answer<void> done =
        CallQuery(client_, kService, "DescribeChangeSet", parameters, [&](pugi::xml_node result) -> Answer<void> {
          set = {.id = TextOf(result, "ChangeSetId"),
                 .name = TextOf(result, "ChangeSetName"),
                 .stack_id = TextOf(result, "StackId"),
                 .stack_name = TextOf(result, "StackName"),
                 .status = TextOf(result, "Status"),
                 .status_reason = TextOf(result, "StatusReason"),
                 .execution_status = TextOf(result, "ExecutionStatus")};
          if (set.status.empty()) return Unreadable("it has no <Status>");
          page = {.next = TextOf(result, "NextToken")};
          EachMember(result, "Changes",
                     [&](const pugi::xml_node& change) { page.items.push_back(ReadChange(change)); });
          return {};
        });
    if (!done) return Failed(done.error());
    return page;
  });
  Answer<std::vector<Change>> changes = pages.All();
  if (!changes) return Failed(changes.error());
  set.changes = std::move(*changes);
  set.nothing_to_do = SaysNothingToDo(set);
  return set;
}

Answer<void> CloudFormation::ExecuteChangeSet(const std::string& change_set, const std::string& token) const {
  QueryParameters parameters;
  parameters.Add("ChangeSetName", change_set).AddIf("ClientRequestToken", token);
  return CallQuery(client_, kService, "ExecuteChangeSet", parameters);
}

Answer<void> CloudFormation::DeleteChangeSet(const std::string& change_set) const {
  return CallQuery(client_, kService, "DeleteChangeSet", QueryParameters().Add("ChangeSetName", change_set));
}

Answer<void> CloudFormation::DeleteStack(const std::string& stack, const std::string& token,
                                         const std::vector<std::string>& retain, const std::string& role_arn) const {
  QueryParameters parameters;
  parameters.Add("StackName", stack).AddIf("ClientRequestToken", token).AddList("RetainResources", retain);
  parameters.AddIf("RoleARN", role_arn);
  return CallQuery(client_, kService, "DeleteStack", parameters);
}

Answer<void> CloudFormation::ContinueUpdateRollback(const std::string& stack, const std::string& token,
                                                    const std::vector<std::string>& skip) const {
  QueryParameters parameters;
  parameters.Add("StackName", stack).AddIf("ClientRequestToken", token).AddList("ResourcesToSkip", skip);
  return CallQuery(client_, kService, "ContinueUpdateRollback", parameters);
}

Answer<void> CloudFormation::CancelUpdateStack(const std::string& stack, const std::string& token) const {
  QueryParameters parameters;
  parameters.Add("StackName", stack).AddIf("ClientRequestToken", token);
  return CallQuery(client_, kService, "CancelUpdateStack", parameters);
}

Answer<void> CloudFormation::UpdateTerminationProtection(const std::string& stack, bool on) const {
  QueryParameters parameters;
  parameters.Add("StackName", stack).Add("EnableTerminationProtection", on ? "true" : "false");
  return CallQuery(client_, kService, "UpdateTerminationProtection", parameters);
}

Answer<std::string> CloudFormation::GetTemplate(const std::string& stack) const {
  std::string body;
  QueryParameters parameters;
  parameters.Add("StackName", stack).Add("TemplateStage", "Processed");
  Answer<void> done =
      CallQuery(client_, kService, "GetTemplate", parameters, [&](pugi::xml_node result) -> Answer<void> {
        if (!result.child("TemplateBody")) return Unreadable("it has no <TemplateBody>");
        body = TextOf(result, "TemplateBody");
        return {};
      });
  if (!done) return Failed(done.error());
  return body;
}

}  // namespace perch::aws
