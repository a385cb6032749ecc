#include "beanstalk/leaks.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "aws/cloudformation.h"
#include "aws/elasticbeanstalk.h"
#include "aws/logs.h"
#include "aws/parameters.h"
#include "aws/rds.h"
#include "aws/s3.h"
#include "aws/tagging.h"
#include "base/text.h"
#include "beanstalk/environment_of.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/sweep_records.h"
#include "model/resource_names.h"
#include "model/tags.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kBeanstalkLogs = "/aws/elasticbeanstalk/";
constexpr std::string_view kBundles = "bundles/";

/// As one word of a shell's.
std::string Word(const std::string& text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@+,=";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// "environment/app/name" of an ARN, with its service.
struct ArnParts {
  std::string service, resource;
};
ArnParts PartsOf(const std::string& arn) {
  ArnParts parts;
  std::size_t at = 0;
  for (int colon = 0; colon < 5; ++colon) {
    const std::size_t next = arn.find(':', at);
    if (next == arn.npos) return parts;
    if (colon == 2) parts.service = arn.substr(at, next - at);
    at = next + 1;
  }
  parts.resource = arn.substr(at);
  return parts;
}

std::string After(const std::string& text, char separator) { return text.substr(text.find(separator) + 1); }

/// "bundles/shop/cart-4qmz7/" of a key; "" for another kind of key.
std::string FolderOf(const std::string& key) {
  if (!key.starts_with(kBundles)) return "";
  const std::size_t app = key.find('/', kBundles.size());
  const std::size_t branch = app == key.npos ? app : key.find('/', app + 1);
  return branch == key.npos ? "" : key.substr(0, branch + 1);
}

class Search {
 public:
  Search(const aws::Client& client, const std::string& app)
      : client_(client), app_(app), aws_(" --region " + client.region()) {}

  Status Read(const std::function<Result<std::vector<std::string>>()>& list_branches) {
    for (aws::Answer<std::vector<aws::Stack>>& page : aws::CloudFormation(client_).DescribeStacks()) {
      if (!page) return Fail(page.error());
      std::move(page->begin(), page->end(), std::back_inserter(stacks_));
    }
    applications_ = ApplicationsIn(stacks_, app_);
    Result<std::vector<std::vector<std::string>>> keys = RecordKeys(client_, applications_);
    if (!keys) return Fail(keys.error());
    for (const std::vector<std::string>& some : *keys) recorded_.insert(some.begin(), some.end());
    // What is made from here on has a branch in the list below.
    for (const Status& listed : {ListObjects(), ListTagged(), ListSnapshots(), ListLogGroups(), ListVersions()}) {
      if (!listed) return listed;
    }
    Result<std::vector<std::string>> branches = list_branches();
    if (!branches) return Fail(branches.error());
    branches_ = *std::move(branches);
    Result<std::vector<LoneRecord>> lone = LoneRecords(client_, applications_, *keys, app_, stacks_, branches_);
    if (!lone) return Fail(lone.error());
    lone_ = *std::move(lone);
    return {};
  }

  Status Judge() {
    for (const aws::Stack& stack : stacks_) {
      const Result<std::optional<Identity>> identity = IdentityFrom({stack.tags.begin(), stack.tags.end()});
      if (stack.status == "DELETE_COMPLETE" || !identity || !*identity || (*identity)->app != app_) continue;
      if (stack.name == StackNameFor(app_, (*identity)->branch)) by_branch_[(*identity)->branch] = &stack;
    }
    for (const std::string& branch : branches_) folders_.insert(BundleFolderFor(app_, branch));
    for (const auto& [branch, stack] : by_branch_) folders_.insert(BundleFolderFor(app_, branch));
    for (const LoneRecord& record : lone_) folders_.insert(BundleFolderFor(app_, record.identity.branch));
    Records();
    Bundles();
    Versions();
    Snapshots();
    LogGroups();
    return Tagged();
  }

  std::vector<Leak> Take() { return std::move(leaks_); }

 private:
  Status ListObjects() {
    for (const ApplicationFacts& application : applications_) {
      const std::string folder = BundleFolderFor(app_, "x");
      const std::string prefix = folder.substr(0, folder.find('/', kBundles.size()) + 1);
      const aws::Answer<void> listed =
          aws::S3(client_).ListObjects(application.versions_bucket, prefix).ForEach([&](aws::ObjectSummary& object) {
            Bytes& bytes = bundles_[{application.versions_bucket, FolderOf(object.key)}];
            ++bytes.objects;
            bytes.size += object.size;
            return true;
          });
      if (!listed) return Fail(listed.error());
    }
    return {};
  }

  Status ListVersions() {
    const aws::ElasticBeanstalk beanstalk(client_);
    aws::Answer<std::vector<aws::ApplicationVersion>> versions = beanstalk.DescribeApplicationVersions("").All();
    if (!versions) return Fail(versions.error());
    versions_ = *std::move(versions);
    const aws::Answer<aws::BeanstalkQuotas> quotas = beanstalk.DescribeAccountAttributes();
    if (!quotas) return Fail(quotas.error());
    most_versions_ = quotas->versions;
    const aws::Answer<void> listed = beanstalk.DescribeEnvironments("").ForEach([&](aws::BeanstalkEnvironment& one) {
      if (one.status != "Terminated") environments_.insert(one.name);
      return true;
    });
    if (!listed) return Fail(listed.error());
    return {};
  }

  Status ListTagged() {
    const Result<std::vector<Tag>> tags = TagsFor({.app = app_, .branch = "x", .profile = "x"});
    if (!tags) return Fail(tags.error());
    const std::map<std::string, std::string> by_key(tags->begin(), tags->end());
    aws::Answer<std::vector<aws::TaggedResource>> all =
        aws::Tagging(client_).GetResources({{"perch:app", by_key.at("perch:app")}}).All();
    if (!all) return Fail(all.error());
    tagged_ = *std::move(all);
    return {};
  }

  Status ListSnapshots() {
    aws::Answer<std::vector<aws::DatabaseSnapshot>> all = aws::Rds(client_).DescribeDBSnapshots("", "manual").All();
    if (!all) return Fail(all.error());
    snapshots_ = *std::move(all);
    return {};
  }

  Status ListLogGroups() {
    aws::Answer<std::vector<aws::LogGroup>> all =
        aws::Logs(client_).DescribeLogGroups(std::string(kBeanstalkLogs)).All();
    if (!all) return Fail(all.error());
    log_groups_ = *std::move(all);
    return {};
  }

  void Add(std::string what, std::string why, std::string costs, const std::string& command, bool certain = true) {
    leaks_.push_back({.what = std::move(what),
                      .why = std::move(why),
                      .costs = std::move(costs),
                      .remove = "aws " + command + aws_,
                      .certain = certain});
  }

  /// Why a thing with these tags is an orphan; "" when it is not, or none of this app's branches.
  std::string Orphan(const std::map<std::string, std::string>& tags) const {
    if (!tags.contains("perch:branch")) return "";  // environments share it
    const Result<std::optional<Identity>> identity = IdentityFrom({tags.begin(), tags.end()});
    if (!identity || !*identity || (*identity)->app != app_) return "";
    const std::string& branch = (*identity)->branch;
    if (by_branch_.contains(branch) || recorded_.contains(BranchRecords::KeyFor(app_, branch))) return "";
    if (std::ranges::find(branches_, branch) != branches_.end()) return "";  // perhaps it is being made just now
    return "it is of branch '" + Printable(branch) + "', which is gone and has neither stack nor record";
  }

  void Records() {
    for (const LoneRecord& record : lone_) {
      const std::string place = "s3://" + record.application.versions_bucket + "/" + record.key;
      const std::string why =
          record.problem.empty()
              ? "its branch '" + Printable(record.identity.branch) +
                    "' is gone and has no stack; `perch sweep` deletes what it tells of, and then it"
              : "it cannot be used, and belongs to no stack and no branch: " + Printable(record.problem);
      Add("record " + place, why, "", "s3 rm " + Word(place));
    }
  }

  void Bundles() {
    for (const auto& [place, bytes] : bundles_) {
      if (place.second.empty() || folders_.contains(place.second)) continue;
      const std::string url = "s3://" + place.first + "/" + place.second;
      Add("source bundles " + url, "no branch has this folder",
          std::to_string(bytes.objects) + (bytes.objects == 1 ? " object of " : " objects of together ") +
              FormatBytes(std::int64_t(bytes.size)),
          "s3 rm --recursive " + Word(url));
    }
  }

  void Versions() {
    std::set<std::string> ours, in_use, moving;
    for (const ApplicationFacts& application : applications_) ours.insert(application.beanstalk);
    for (const auto& [branch, stack] : by_branch_) {
      const std::string label = OutputOf(*stack, outputs::kVersion);
      if (label.empty() || stack->status.ends_with("_IN_PROGRESS")) moving.insert(BundleFolderFor(app_, branch));
      in_use.insert(label);
    }
    for (const aws::ApplicationVersion& version : versions_) {
      if (!ours.contains(version.application) || in_use.contains(version.label)) continue;
      if (moving.contains(FolderOf(version.key))) continue;
      Add("application version " + version.label + " of " + version.application, "no stack runs it",
          "one of the " + std::to_string(most_versions_) + " that Beanstalk allows",
          "elasticbeanstalk delete-application-version --application-name " + Word(version.application) +
              " --version-label " + Word(version.label));
    }
    // Nine tenths: time to act before deployments fail.
    if (most_versions_ == 0 || versions_.size() * 10 <= most_versions_ * 9) return;
    Add(std::to_string(versions_.size()) + " application versions",
        "the region may have " + std::to_string(most_versions_) +
            ", all applications together; without room every deployment fails",
        "", "elasticbeanstalk describe-application-versions");
  }

  void Snapshots() {
    for (const aws::DatabaseSnapshot& snapshot : snapshots_) {
      const std::string why = Orphan(snapshot.tags);
      if (why.empty()) continue;
      seen_.insert(snapshot.arn);
      Add("database snapshot " + snapshot.id, why,
          "a database snapshot of " + std::to_string(snapshot.gibibytes) + " GiB",
          "rds delete-db-snapshot --db-snapshot-identifier " + Word(snapshot.id));
    }
  }

  void LogGroups() {
    for (const aws::LogGroup& group : log_groups_) {
      const std::string rest = group.name.substr(kBeanstalkLogs.size());
      const std::string environment = rest.substr(0, rest.find('/'));
      if (environments_.contains(environment)) continue;
      LogGroup(group, "there is no Beanstalk environment " + Printable(environment) + " any more");
    }
  }

  void LogGroup(const aws::LogGroup& group, const std::string& why) {
    if (!seen_.insert("log group " + group.name).second) return;
    const std::string kept =
        group.retention_days == 0 ? ", kept for ever" : ", kept for " + std::to_string(group.retention_days) + " days";
    Add("log group " + group.name, why, FormatBytes(std::int64_t(group.bytes)) + " of logs" + kept,
        "logs delete-log-group --log-group-name " + Word(group.name));
  }

  Status Tagged() {
    for (const aws::TaggedResource& resource : tagged_) {
      const std::string why = Orphan(resource.tags);
      if (why.empty() || !seen_.insert(resource.arn).second) continue;
      if (const Status looked = Look(resource.arn, why); !looked) return looked;
    }
    return {};
  }

  /// Adds what is certainly there; what has no cheap look it names as uncertain.
  Status Look(const std::string& arn, const std::string& why) {
    const ArnParts parts = PartsOf(arn);
    const std::string& name = parts.resource;
    if (parts.service == "s3") return Bucket(name, why);
    if (parts.service == "rds" && name.starts_with("db:")) return Database(name.substr(3), why);
    if (parts.service == "rds" && name.starts_with("snapshot:")) return {};  // all that are there were seen
    if (parts.service == "secretsmanager") return Secret(arn, why);
    if (parts.service == "cloudformation") return Stack(arn, why);
    if (parts.service == "logs") return Group(name.substr(name.find(':') + 1), why);
    if (parts.service == "elasticbeanstalk") {
      if (name.starts_with("environment/")) Environment(After(After(name, '/'), '/'), why);
      return {};  // versions were seen
    }
    const std::string kind = name.substr(0, name.find_first_of("/:"));
    Add(parts.service + " " + name, why + "; whether it is still there was not looked for", "",
        parts.service == "ec2" && kind == "security-group"
            ? "ec2 delete-security-group --group-id " + Word(After(name, '/'))
            : "resourcegroupstaggingapi get-resources --resource-arn-list " + Word(arn),
        false);
    return {};
  }

  template <typename T>
  static bool IsGone(const aws::Answer<T>& answer) {
    return !answer && answer.error().outcome == aws::Outcome::kNotFound;
  }

  Status Bucket(const std::string& name, const std::string& why) {
    const aws::Answer<void> head = aws::S3(client_).HeadBucket(name);
    if (IsGone(head)) return {};
    if (!head) return Fail(head.error());
    Add("bucket " + name, why, "", "s3 rb --force " + Word("s3://" + name));
    return {};
  }

  Status Database(const std::string& name, const std::string& why) {
    const aws::Answer<void> listed =
        aws::Rds(client_).DescribeDBInstances(name).ForEach([&](aws::DatabaseInstance& instance) {
          if (instance.status == "deleting") return true;
          Add("database " + instance.id, why, "a " + instance.instance_class + ", by the hour",
              "rds delete-db-instance --skip-final-snapshot --db-instance-identifier " + Word(instance.id));
          return true;
        });
    if (!listed && !IsGone(listed)) return Fail(listed.error());
    return {};
  }

  Status Secret(const std::string& arn, const std::string& why) {
    const aws::Answer<aws::StoredSecret> secret = aws::SecretsManager(client_).DescribeSecret(arn);
    if (IsGone(secret) || (secret && secret->deleting)) return {};
    if (!secret) return Fail(secret.error());
    Add("secret " + secret->name, why, "a secret, by the month",
        "secretsmanager delete-secret --force-delete-without-recovery --secret-id " + Word(arn));
    return {};
  }

  Status Stack(const std::string& id, const std::string& why) {
    const aws::Answer<aws::Stack> stack = aws::CloudFormation(client_).DescribeStack(id);
    if (IsGone(stack) || (stack && (stack->status == "DELETE_COMPLETE" || stack->status == "DELETE_IN_PROGRESS")))
      return {};
    if (!stack) return Fail(stack.error());
    Add("stack " + stack->name, why, "all that is in it", "cloudformation delete-stack --stack-name " + Word(id));
    return {};
  }

  Status Group(const std::string& given, const std::string& why) {
    const std::string name = given.ends_with(":*") ? given.substr(0, given.size() - 2) : given;
    const aws::Answer<void> listed = aws::Logs(client_).DescribeLogGroups(name).ForEach([&](aws::LogGroup& group) {
      if (group.name == name) LogGroup(group, why);
      return true;
    });
    if (!listed) return Fail(listed.error());
    return {};
  }

  void Environment(const std::string& name, const std::string& why) {
    if (!environments_.contains(name)) return;
    Add("Beanstalk environment " + name, why, "its instances, by the hour",
        "elasticbeanstalk terminate-environment --environment-name " + Word(name));
  }

  struct Bytes {
    std::uint64_t objects = 0, size = 0;
  };

  const aws::Client& client_;
  const std::string& app_;
  const std::string aws_;
  std::vector<aws::Stack> stacks_;
  std::vector<ApplicationFacts> applications_;
  std::set<std::string> recorded_;  // keys of all records
  std::map<std::pair<std::string, std::string>, Bytes> bundles_;
  std::vector<aws::ApplicationVersion> versions_;
  std::uint64_t most_versions_ = 0;
  std::set<std::string> environments_;  // names of those that are there, of all applications
  std::vector<aws::TaggedResource> tagged_;
  std::vector<aws::DatabaseSnapshot> snapshots_;
  std::vector<aws::LogGroup> log_groups_;
  std::vector<std::string> branches_;
  std::vector<LoneRecord> lone_;
  std::map<std::string, const aws::Stack*> by_branch_;
  std::set<std::string> folders_;
  std::set<std::string> seen_;
  std::vector<Leak> leaks_;
};

}  // namespace

Result<std::vector<Leak>> FindLeaks(const aws::Client& client, const std::string& app,
                                    const std::function<Result<std::vector<std::string>>()>& list_branches) {
  Search search(client, app);
  if (const Status read = search.Read(list_branches); !read) return Fail(read.error());
  if (const Status judged = search.Judge(); !judged) return Fail(judged.error());
  return search.Take();
}

}  // namespace perch::beanstalk
