#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

using TextMap = std::map<std::string, std::string>;

struct Stack {
  std::string id;  ///< its ARN: the only name that never comes back after a delete
  std::string name;
  std::string status;  ///< "CREATE_COMPLETE"
  std::string status_reason;
  std::string description;
  TextMap outputs, parameters, tags;
  std::vector<std::string> exports;  ///< names under which outputs are exported
  std::optional<Time> created, updated;
  std::string parent_id, root_id;  ///< set for a nested stack
  std::string role_arn;
  bool termination_protection = false;
};

struct StackResource {
  std::string logical_id, physical_id, type, status, status_reason;
};

struct StackEvent {
  std::string id, stack_id, logical_id, physical_id, type, status, reason;
  std::string token;  ///< the ClientRequestToken of the operation; "" for its inner ones
  std::optional<Time> time;
};

struct Change {
  std::string action;  ///< Add, Modify, Remove, Import, Dynamic
  std::string logical_id, physical_id, type;
  std::string replacement;              ///< True, False, Conditional; "" where it does not apply
  std::vector<std::string> scope;       ///< Properties, Metadata, Tags…
  std::vector<std::string> properties;  ///< names of the properties that change
};

struct ChangeSet {
  std::string id, name, stack_id, stack_name;
  std::string status;  ///< CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_COMPLETE, FAILED, DELETE_…
  std::string status_reason;
  std::string execution_status;  ///< UNAVAILABLE, AVAILABLE, EXECUTE_…, OBSOLETE
  bool nothing_to_do = false;    ///< FAILED because nothing would change: a success, but the change set must be deleted
  std::vector<Change> changes;   ///< of all pages
};

/// What CreateChangeSet is asked for. Exactly one of the two templates.
struct ChangeSetRequest {
  std::string stack;  ///< name (CREATE) or id (UPDATE)
  std::string name;
  bool create = false;        ///< CREATE makes a stack in REVIEW_IN_PROGRESS
  std::string template_body;  ///< at most 51,200 bytes
  std::string template_url;   ///< on S3, at most 1 MB
  TextMap parameters, tags;
  std::vector<std::string> capabilities;  ///< CAPABILITY_IAM, CAPABILITY_NAMED_IAM
  std::string role_arn, description;
  std::string token;  ///< the same one makes a repeated request the same request
};

struct ChangeSetIds {
  std::string change_set, stack;  ///< ARNs
};

/// AWS CloudFormation. Stacks are named by name or ARN; use the ARN wherever a stack of the same name could come up.
class CloudFormation {
 public:
  explicit CloudFormation(Client client) : client_(std::move(client)) {}

  /// kNotFound if there is none; by id a deleted one is found for 90 days, as DELETE_COMPLETE.
  Answer<Stack> DescribeStack(const std::string& stack) const;
  /// Every stack of the region but deleted ones, with tags and outputs.
  Pages<Stack> DescribeStacks() const;
  /// Stacks in one status, "DELETE_IN_PROGRESS", without tags, parameters and outputs.
  Pages<Stack> ListStacks(const std::string& status) const;
  Pages<StackResource> ListStackResources(const std::string& stack) const;
  /// Names of the stacks that import what a stack exports; empty when nobody does.
  Answer<std::vector<std::string>> ImportersOf(const std::string& export_name) const;
  /// Newest first.
  Pages<StackEvent> DescribeStackEvents(const std::string& stack) const;

  Answer<ChangeSetIds> CreateChangeSet(const ChangeSetRequest& request) const;
  /// With the changes of all pages.
  Answer<ChangeSet> DescribeChangeSet(const std::string& change_set) const;
  /// kConflict if it is not (or no more) to be executed. `token` marks the operation's events.
  Answer<void> ExecuteChangeSet(const std::string& change_set, const std::string& token) const;
  Answer<void> DeleteChangeSet(const std::string& change_set) const;

  /// No error if it is gone already. `retain`: logical ids to leave behind, only for a stack in DELETE_FAILED.
  Answer<void> DeleteStack(const std::string& stack, const std::string& token,
                           const std::vector<std::string>& retain = {}, const std::string& role_arn = "") const;
  /// For UPDATE_ROLLBACK_FAILED; `skip`: logical ids whose rollback failed.
  Answer<void> ContinueUpdateRollback(const std::string& stack, const std::string& token,
                                      const std::vector<std::string>& skip = {}) const;
  Answer<void> CancelUpdateStack(const std::string& stack, const std::string& token) const;
  Answer<void> UpdateTerminationProtection(const std::string& stack, bool on) const;
  /// The template that the stack has, with all that its macros added: as JSON where there are any, else as it was
  /// given.
  Answer<std::string> GetTemplate(const std::string& stack) const;

 private:
  Client client_;
};

}  // namespace perch::aws
