#include "beanstalk/sweep_records.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "beanstalk/environment_of.h"
#include "model/resource_names.h"
#include "model/tags.h"

namespace perch::beanstalk {
namespace {

BranchRecords RecordsOf(const aws::Client& client, const ApplicationFacts& application) {
  return BranchRecords(aws::S3(client), application.versions_bucket);
}

std::unexpected<Error> Superseded(const std::string& branch) {
  return Fail({.kind = ErrorKind::kSuperseded,
               .what = "another perch is at '" + Printable(branch) + "'",
               .why = "what is recorded of it changed meanwhile"});
}

/// Where the record of a branch is, or would be; nullopt: it could be in more than one place.
Result<std::optional<ClaimedRecord>> Locate(const aws::Client& client, std::span<const ApplicationFacts> applications,
                                            const aws::Stack& stack, const Identity& identity) {
  std::optional<ClaimedRecord> home;
  for (const ApplicationFacts& application : applications) {
    Result<BranchRecords::Found> found = RecordsOf(client, application).Read(identity.app, identity.branch);
    if (!found) return Fail(found.error());
    const bool written = !found->etag.empty();
    const bool made_it = !stack.role_arn.empty() && stack.role_arn == application.cloudformation_role;
    if (written || made_it || applications.size() == 1)
      home = ClaimedRecord{.application = application, .found = *std::move(found)};
    if (written) break;
  }
  if (home && home->found.etag.empty()) home->found.record.identity = identity;
  return home;
}

Status Claim(const aws::Client& client, ClaimedRecord& claimed, std::uint64_t generation, Time now) {
  BranchRecord& record = claimed.found.record;
  record.generation = generation + 1;
  record.deleting = true;
  record.updated_at = now;
  if (claimed.found.etag.empty()) record.created_at = now;
  return RecordsOf(client, claimed.application).Write(claimed.found);
}

}  // namespace

std::vector<ApplicationFacts> ApplicationsIn(std::span<const aws::Stack> stacks, const std::string& app) {
  std::vector<ApplicationFacts> applications;
  if (app.empty()) return applications;
  for (const aws::Stack& stack : stacks) {
    const aws::TextMap::const_iterator of = stack.tags.find("perch:app");
    if (of == stack.tags.end() || of->second != app) continue;
    for (const Application application : {Application::kProduction, Application::kStaging}) {
      if (stack.name != ApplicationStackNameFor(app, ApplicationName(application))) continue;
      Result<ApplicationFacts> facts = ApplicationFactsOf(stack, application);
      if (facts) applications.push_back(*std::move(facts));
    }
  }
  return applications;
}

Result<std::vector<std::vector<std::string>>> RecordKeys(const aws::Client& client,
                                                         std::vector<ApplicationFacts>& applications) {
  std::vector<std::vector<std::string>> all;
  std::vector<ApplicationFacts> with_bucket;
  for (ApplicationFacts& application : applications) {
    Result<std::vector<std::string>> keys = RecordsOf(client, application).Keys();
    if (!keys && keys.error().kind == ErrorKind::kNotFound) continue;
    if (!keys) return Fail(keys.error());
    with_bucket.push_back(std::move(application));
    all.push_back(*std::move(keys));
  }
  applications = std::move(with_bucket);
  return all;
}

Result<std::vector<LoneRecord>> LoneRecords(const aws::Client& client, std::span<const ApplicationFacts> applications,
                                            std::span<const std::vector<std::string>> keys, const std::string& app,
                                            std::span<const aws::Stack> stacks, std::span<const std::string> branches) {
  std::set<std::string> taken;
  for (const std::string& branch : branches) taken.insert(BranchRecords::KeyFor(app, branch));
  for (const aws::Stack& stack : stacks) {
    if (stack.status != "DELETE_COMPLETE") taken.insert(BranchRecords::KeyOfStack(stack.name));
  }
  std::vector<LoneRecord> lone;
  for (std::size_t i = 0; i < applications.size(); ++i) {
    for (const std::string& key : keys[i]) {
      if (taken.contains(key)) continue;
      LoneRecord record{.application = applications[i], .key = key};
      const Result<BranchRecords::Found> found = RecordsOf(client, applications[i]).ReadKey(key);
      if (!found && found.error().kind != ErrorKind::kRefused) return Fail(found.error());
      if (!found) {
        record.problem = found.error().what + ": " + found.error().why;
      } else if (found->etag.empty() || found->record.identity.app != app) {
        continue;  // it went meanwhile, or is another app's
      } else {
        record.identity = found->record.identity;
        record.etag = found->etag;
        record.deleting = found->record.deleting;
      }
      lone.push_back(std::move(record));
    }
  }
  return lone;
}

Result<std::optional<ClaimedRecord>> ClaimRecordOf(const aws::Client& client,
                                                   std::span<const ApplicationFacts> applications,
                                                   const aws::Stack& stack, Time now) {
  const Result<std::optional<Identity>> identity = IdentityFrom({stack.tags.begin(), stack.tags.end()});
  if (!identity) return Fail(identity.error());
  // Only the stack that perch gave this name is what the record tells of.
  if (!*identity || stack.name != StackNameFor((*identity)->app, (*identity)->branch)) return std::nullopt;
  Result<std::optional<ClaimedRecord>> claimed = Locate(client, applications, stack, **identity);
  if (!claimed || !*claimed) return claimed;
  BranchRecord& record = (*claimed)->found.record;
  const std::uint64_t generation = EnvironmentOf(stack, record).generation;
  record.Causes("stack", stack.name);
  if (const Status noted = NoteContents(client, stack.id, record); !noted) return Fail(noted.error());
  if (const Status written = Claim(client, **claimed, generation, now); !written) return Fail(written.error());
  return claimed;
}

Result<std::optional<ClaimedRecord>> ClaimLoneRecord(const aws::Client& client, const LoneRecord& lone, Time now) {
  Result<BranchRecords::Found> found = RecordsOf(client, lone.application).ReadKey(lone.key);
  if (!found) return Fail(found.error());
  if (found->etag.empty()) return std::nullopt;
  if (found->etag != lone.etag) return Superseded(lone.identity.branch);
  ClaimedRecord claimed{.application = lone.application, .found = *std::move(found)};
  if (const Status written = Claim(client, claimed, claimed.found.record.generation, now); !written)
    return Fail(written.error());
  return claimed;
}

Status StillClaimed(const aws::Client& client, const ClaimedRecord& claimed) {
  const Identity& identity = claimed.found.record.identity;
  const Result<BranchRecords::Found> now = RecordsOf(client, claimed.application).Read(identity.app, identity.branch);
  if (!now) return Fail(now.error());
  if (now->etag != claimed.found.etag) return Superseded(identity.branch);
  return {};
}

Result<LedgerReport> SettleClaimed(const aws::Client& client, const ClaimedRecord& claimed) {
  const Identity& identity = claimed.found.record.identity;
  const auto still = [&] { return StillClaimed(client, claimed); };
  Result<LedgerReport> report = SettleLedger(client, claimed.application, claimed.found.record, still);
  if (!report) return report;
  if (const Status ours = still(); !ours) return Fail(ours.error());
  const Status removed = RecordsOf(client, claimed.application).Remove(identity.app, identity.branch);
  if (!removed) return Fail(removed.error());
  return report;
}

}  // namespace perch::beanstalk
