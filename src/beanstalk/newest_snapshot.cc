#include "beanstalk/newest_snapshot.h"

#include <optional>
#include <vector>

#include "base/text.h"
#include "model/tags.h"

namespace perch::beanstalk {

Result<std::string> NewestSnapshot(const aws::Rds& rds, const std::string& app) {
  std::optional<aws::DatabaseSnapshot> newest;
  const aws::Answer<void> listed = rds.DescribeDBSnapshots("", "").ForEach([&](aws::DatabaseSnapshot& snapshot) {
    const Result<std::optional<Identity>> identity =
        IdentityFrom(std::vector<Tag>(snapshot.tags.begin(), snapshot.tags.end()));
    const bool staging = identity && *identity && (*identity)->app == app && (*identity)->profile == "staging";
    if (staging && snapshot.status == "available" && snapshot.created &&
        (!newest || *newest->created < *snapshot.created)) {
      newest = snapshot;
    }
    return true;
  });
  if (!listed) return Fail(listed.error());
  if (newest) return newest->id;
  return Fail({.kind = ErrorKind::kUsage,
               .what = "there is no snapshot of staging's database",
               .where = "database.snapshot",
               .why = "none of " + Printable(app) + "'s database snapshots carries staging's tags and is whole",
               .hint = "Make one in the RDS console, wait for staging's first backup, or name one in perch.yaml."});
}

}  // namespace perch::beanstalk
