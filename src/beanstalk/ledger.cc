#include "beanstalk/ledger.h"

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "aws/cloudformation.h"
#include "aws/elasticbeanstalk.h"
#include "aws/logs.h"
#include "aws/parameters.h"
#include "aws/rds.h"
#include "aws/s3.h"
#include "beanstalk/marks.h"

namespace perch::beanstalk {
namespace {

/// One look, or deletion, for each kind of thing.
class Settling {
 public:
  Settling(const aws::Client& client, const ApplicationFacts& application, const std::function<Status()>& still)
      : client_(client), application_(application), still_(still) {}

  Status Settle(const Caused& thing) {
    using Method = Status (Settling::*)(const std::string&);
    // Whatever else a stack is made of went with it: CloudFormation calls it deleted only then.
    static const std::map<std::string, Method> kMethods = {
        {"stack", &Settling::Stack},
        {"bundles", &Settling::Bundles},
        {"image", &Settling::Image},
        {"log groups", &Settling::LogGroups},
        {"AWS::S3::Bucket", &Settling::Bucket},
        {"AWS::RDS::DBInstance", &Settling::Database},
        {"AWS::SecretsManager::Secret", &Settling::Secret},
        {"AWS::ElasticBeanstalk::ApplicationVersion", &Settling::Version},
        {"AWS::ElasticBeanstalk::Environment", &Settling::Environment}};
    const std::map<std::string, Method>::const_iterator method = kMethods.find(thing.kind);
    return method == kMethods.end() ? Status() : (this->*method->second)(thing.name);
  }
  LedgerReport Take() {
    for (const auto& [repository, count] : images_) {
      Left((count == 1 ? "an image" : std::to_string(count) + " images") + " in " + repository +
           ", which other branches may run too; its life-cycle rule takes old ones");
    }
    return std::move(report_);
  }

 private:
  Status Still() const { return still_ ? still_() : Status(); }
  void Left(std::string text) { report_.left.push_back(std::move(text)); }
  void Removed(std::string text) { report_.removed.push_back(std::move(text)); }

  template <typename T>
  static bool IsGone(const aws::Answer<T>& answer) {
    return !answer && answer.error().outcome == aws::Outcome::kNotFound;
  }

  Status Stack(const std::string& name) {
    const aws::Answer<aws::Stack> stack = aws::CloudFormation(client_).DescribeStack(name);
    if (stack && stack->status != "DELETE_COMPLETE") Left("stack " + name + " is there again: " + stack->status);
    if (!stack && !IsGone(stack)) return Fail(stack.error());
    return {};
  }

  Status Bundles(const std::string& place) {
    const Result<MarksPlace> parsed = ParseMarksPlace(place + "x");  // the folder ends in '/'
    if (!parsed) return Fail(parsed.error());
    const std::string prefix = parsed->key.substr(0, parsed->key.size() - 1);
    const aws::S3 s3(client_);
    std::vector<aws::ObjectVersion> versions;
    const aws::Answer<void> listed =
        s3.ListObjectVersions(parsed->bucket, prefix).ForEach([&](aws::ObjectVersion& version) {
          versions.push_back(version);
          return versions.size() < 100 * aws::kMostKeysPerDelete;
        });
    if (!listed) return Fail(listed.error());
    if (versions.empty()) return {};
    if (const Status still = Still(); !still) return still;
    for (std::size_t i = 0; i < versions.size(); i += aws::kMostKeysPerDelete) {
      const std::vector<aws::ObjectVersion> page(
          versions.begin() + std::ptrdiff_t(i),
          versions.begin() + std::ptrdiff_t(std::min(versions.size(), i + aws::kMostKeysPerDelete)));
      const aws::Answer<std::vector<aws::DeleteError>> deleted = s3.DeleteObjects(parsed->bucket, page);
      if (!deleted) return Fail(deleted.error());
      if (!deleted->empty()) return Fail(deleted->front().failure);
    }
    Removed("source bundles: " + std::to_string(versions.size()));
    return {};
  }

  /// Other branches with the same tree run the same image.
  Status Image(const std::string& reference) {
    ++images_[reference.substr(0, reference.find('@'))];
    return {};
  }

  Status LogGroups(const std::string& prefix) {
    const aws::Logs logs(client_);
    std::vector<std::string> groups;
    const aws::Answer<void> listed = logs.DescribeLogGroups(prefix).ForEach([&](aws::LogGroup& group) {
      groups.push_back(group.name);
      return true;
    });
    if (!listed) return Fail(listed.error());
    for (const std::string& group : groups) {
      if (const Status still = Still(); !still) return still;
      const aws::Answer<void> deleted = logs.DeleteLogGroup(group);
      if (!deleted && !IsGone(deleted)) return Fail(deleted.error());
      Removed("log group " + group);
    }
    return {};
  }

  Status Bucket(const std::string& name) {
    const aws::Answer<void> head = aws::S3(client_).HeadBucket(name);
    if (head) Left("bucket " + name + ", kept by its deletion policy");
    if (!head && !IsGone(head)) return Fail(head.error());
    return {};
  }

  Status Database(const std::string& name) {
    const aws::Rds rds(client_);
    const aws::Answer<void> instances = rds.DescribeDBInstances(name).ForEach([&](aws::DatabaseInstance& instance) {
      Left("database " + instance.id + " (" + instance.status + "), kept by its deletion policy");
      return true;
    });
    if (!instances && !IsGone(instances)) return Fail(instances.error());
    const aws::Answer<void> snapshots = rds.DescribeDBSnapshots(name, "").ForEach([&](aws::DatabaseSnapshot& snapshot) {
      Left(snapshot.type + " database snapshot " + snapshot.id + ", " + std::to_string(snapshot.gibibytes) + " GiB");
      return true;
    });
    if (!snapshots && !IsGone(snapshots)) return Fail(snapshots.error());
    return {};
  }

  Status Secret(const std::string& name) {
    const aws::Answer<aws::StoredSecret> secret = aws::SecretsManager(client_).DescribeSecret(name);
    if (secret && !secret->deleting) Left("secret " + name);
    if (!secret && !IsGone(secret)) return Fail(secret.error());
    return {};
  }

  Status Version(const std::string& label) {
    if (const Status still = Still(); !still) return still;
    const aws::Answer<void> deleted =
        aws::ElasticBeanstalk(client_).DeleteApplicationVersion(application_.beanstalk, label);
    // Whether it was there is not told.
    if (!deleted && !IsGone(deleted)) return Fail(deleted.error());
    return {};
  }

  Status Environment(const std::string& name) {
    const aws::Answer<void> listed = aws::ElasticBeanstalk(client_)
                                         .DescribeEnvironments(application_.beanstalk, {name})
                                         .ForEach([&](aws::BeanstalkEnvironment& environment) {
                                           if (environment.status != "Terminated")
                                             Left("Beanstalk environment " + name + " (" + environment.status + ")");
                                           return true;
                                         });
    if (!listed && !IsGone(listed)) return Fail(listed.error());
    return {};
  }

  const aws::Client& client_;
  const ApplicationFacts& application_;
  const std::function<Status()>& still_;
  LedgerReport report_;
  std::map<std::string, int> images_;  // by repository
};

}  // namespace

Status NoteContents(const aws::Client& client, const std::string& stack_id, BranchRecord& record) {
  const aws::Answer<void> listed =
      aws::CloudFormation(client).ListStackResources(stack_id).ForEach([&](aws::StackResource& resource) {
        record.Causes(resource.type, resource.physical_id);
        if (resource.type == "AWS::ElasticBeanstalk::Environment" && !resource.physical_id.empty())
          record.Causes("log groups", "/aws/elasticbeanstalk/" + resource.physical_id + "/");
        return true;
      });
  if (!listed) return Fail(listed.error());
  return {};
}

Result<LedgerReport> SettleLedger(const aws::Client& client, const ApplicationFacts& application,
                                  const BranchRecord& record, const std::function<Status()>& still) {
  Settling settling(client, application, still);
  for (const Caused& thing : record.caused) {
    if (const Status settled = settling.Settle(thing); !settled) {
      if (settled.error().kind == ErrorKind::kSuperseded) return Fail(settled.error());
      return Fail(settled.error(), "cannot tell whether this is gone: " + thing.kind + " " + thing.name);
    }
  }
  return settling.Take();
}

}  // namespace perch::beanstalk
