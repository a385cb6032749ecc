#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/error.h"
#include "beanstalk/application_facts.h"
#include "beanstalk/branch_record.h"

namespace perch::beanstalk {

/// What became of everything that an environment caused.
struct LedgerReport {
  std::vector<std::string> removed;  ///< what no stack's deletion takes along, and perch deleted now
  std::vector<std::string> left;     ///< what is there on purpose or could not be deleted, with why
};

/// Notes in `record` what a stack is made of, while it can be told. The same again changes nothing.
Status NoteContents(const aws::Client& client, const std::string& stack_id, BranchRecord& record);

/// After an environment's stack is gone: deletes what is left of it outside the stack (bundles, log groups,
/// application versions) and looks for each thing in `record.caused`. The same again changes nothing. An error: it
/// could not be told; nothing is called gone then. `still` may be empty; it is asked before each deletion, and its
/// error ends the whole.
Result<LedgerReport> SettleLedger(const aws::Client& client, const ApplicationFacts& application,
                                  const BranchRecord& record, const std::function<Status()>& still = {});

}  // namespace perch::beanstalk
