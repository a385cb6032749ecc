#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/s3.h"
#include "base/error.h"
#include "model/environment.h"
#include "model/tags.h"

namespace perch::beanstalk {

/// Something that a branch's deployments caused and that its deletion must take along.
struct Caused {
  std::string kind;  ///< "stack", "bucket", "bundles", "image", "log group", "database", "secret", "record"…
  std::string name;  ///< an ARN or a name that finds it

  friend auto operator<=>(const Caused&, const Caused&) = default;
};

/// What of a branch's environment must outlive its stack's rollbacks, and be there before the stack and after it.
struct BranchRecord {
  Identity identity;
  std::uint64_t generation = 0;  ///< grows with each attempt, stop and deletion: of two at work, the higher one counts
  std::optional<Attempt> last_attempt;
  bool deleting = false;
  std::string stopped_commit, stopped_settings_hash;    ///< a person took it down; "" otherwise
  std::map<std::string, std::string> fixed;             ///< FixedOf as the environment was made
  std::vector<Caused> caused;                           ///< sorted, each once
  std::int64_t create_seconds = 0, update_seconds = 0;  ///< how long the last ones took; 0: not known
  Time created_at, updated_at;

  /// Adds to `caused`.
  void Causes(std::string kind, std::string name);
};

/// JSON; ParseRecord takes what FormatRecord gives, and nothing that is damaged (kRefused).
std::string FormatRecord(const BranchRecord& record);
Result<BranchRecord> ParseRecord(std::string_view text, const std::string& where);

/// Records, one object for each branch in the application's versions bucket. Written only over exactly what was read:
/// that is the fence between several perches at one branch.
class BranchRecords {
 public:
  /// A record with what S3 knows it by: "" for one that was never written.
  struct Found {
    BranchRecord record;
    std::string etag;
  };
  BranchRecords(aws::S3 s3, std::string bucket) : s3_(std::move(s3)), bucket_(std::move(bucket)) {}

  /// One without generation where there is none. kRefused: it is damaged, or there is no such bucket.
  Result<Found> Read(const std::string& app, const std::string& branch) const;
  /// Afterwards `found` is what is there. kSuperseded when another one wrote since it was read.
  Status Write(Found& found) const;
  /// No error if there is none.
  Status Remove(const std::string& app, const std::string& branch) const;
  /// Of all apps. kNotFound: there is no such bucket.
  Result<std::vector<std::string>> Keys() const;
  /// As Read, whoever's it is; one that is not its key's branch's is kRefused.
  Result<Found> ReadKey(const std::string& key) const;
  /// All of an app, damaged ones as errors.
  Result<std::vector<Found>> List(const std::string& app) const;

  const std::string& bucket() const { return bucket_; }
  /// The key of a branch's record.
  static std::string KeyFor(const std::string& app, const std::string& branch);
  static std::string KeyOfStack(const std::string& stack);

 private:
  Result<Found> Load(const std::string& key) const;
  aws::S3 s3_;
  std::string bucket_;
};

}  // namespace perch::beanstalk
