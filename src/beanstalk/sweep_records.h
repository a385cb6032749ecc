#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/cloudformation.h"
#include "base/clock.h"
#include "base/error.h"
#include "beanstalk/application_facts.h"
#include "beanstalk/branch_record.h"
#include "beanstalk/ledger.h"
#include "beanstalk/sweep_plan.h"

/// What is recorded of branches, as a sweep sees and settles it. Calls are made with the client given, from any thread.
namespace perch::beanstalk {

/// Production's and staging's of `app` that are in a listing of stacks and have a versions bucket; none for "".
std::vector<ApplicationFacts> ApplicationsIn(std::span<const aws::Stack> stacks, const std::string& app);

/// Keys of all records, by application; one listing a bucket. Applications whose bucket is gone are taken out.
Result<std::vector<std::vector<std::string>>> RecordKeys(const aws::Client& client,
                                                         std::vector<ApplicationFacts>& applications);

/// Those of `keys` that belong to none of the stacks and to none of the branches; only these are read.
Result<std::vector<LoneRecord>> LoneRecords(const aws::Client& client, std::span<const ApplicationFacts> applications,
                                            std::span<const std::vector<std::string>> keys, const std::string& app,
                                            std::span<const aws::Stack> stacks, std::span<const std::string> branches);

/// A record that says of its branch that it is being deleted, written by this sweep.
struct ClaimedRecord {
  ApplicationFacts application;
  BranchRecords::Found found;
};

/// Writes into the record of a stack's branch, or into a new one, what the stack is made of, and that it goes: a
/// deployment that began is superseded by that, and what is lost later the next sweep finds. nullopt: nobody knows
/// which application the stack belongs to. kSuperseded: another perch is at it.
Result<std::optional<ClaimedRecord>> ClaimRecordOf(const aws::Client& client,
                                                   std::span<const ApplicationFacts> applications,
                                                   const aws::Stack& stack, Time now);

/// The same for a record without a stack; nullopt: it is gone. kSuperseded: it changed since it was listed.
Result<std::optional<ClaimedRecord>> ClaimLoneRecord(const aws::Client& client, const LoneRecord& lone, Time now);

/// kSuperseded when somebody wrote the record since it was claimed.
Status StillClaimed(const aws::Client& client, const ClaimedRecord& claimed);

/// After its stack is gone: deletes what is left and then the record, unless somebody deploys the branch meanwhile
/// (kSuperseded). The same again changes nothing.
Result<LedgerReport> SettleClaimed(const aws::Client& client, const ClaimedRecord& claimed);

}  // namespace perch::beanstalk
