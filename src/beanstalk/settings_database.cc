#include <algorithm>
#include <span>

#include "base/text.h"
#include "beanstalk/instance_types.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

/// gp3's operations and throughput are fixed below this size (RDS user guide, "gp3 storage"), in GiB.
constexpr int kSmallestTunable = 400;

/// PostgreSQL's reserved key words (its manual, appendix C), which RDS takes neither for a database nor for a user.
constexpr std::string_view kKeyWords =
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation "
    "column concurrently constraint create cross current_catalog current_date current_role current_schema current_time "
    "current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze "
    "from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like "
    "limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary "
    "references returning right select session_user similar some symmetric system_user table tablesample then to "
    "trailing true union unique user using variadic verbose when where window with";
constexpr std::string_view kTakenDatabases = "postgres template0 template1 rdsadmin";
constexpr std::string_view kTakenUsers = "postgres admin administrator root public none rdsadmin rdsrepladmin";

bool IsIn(const std::string& word, std::string_view words) {
  const std::vector<std::string> list = Split(words, ' ');
  return std::find(list.begin(), list.end(), word) != list.end();
}

void CheckName(Tree& tree, const char* path, const std::string& name, bool is_user) {
  const std::string what = is_user ? "a user" : "a database";
  const bool fits = !name.empty() && name.size() <= 63 && AllOf(name, std::string(kLettersAndDigits) + "_") &&
                    !AllOf(name.substr(0, 1), std::string(kDigits) + "_");
  if (!fits) {
    tree.Complain(path, "`" + std::string(path) + "` is no name for " + what + ": " + Quoted(name),
                  "Take at most 63 letters, digits and `_`, a letter first.");
    return;
  }
  const std::string word = ToLower(name);
  const bool taken = is_user ? IsIn(word, kTakenUsers) || word.starts_with("rds_") || word.starts_with("pg_")
                             : IsIn(word, kTakenDatabases);
  if (!taken && !IsIn(word, kKeyWords)) return;
  tree.Complain(path,
                "`" + std::string(path) + "` cannot be " + Quoted(name) + ": PostgreSQL or RDS has its own use for it",
                "Take another name, such as `app`.");
}

bool IsVersion(const std::string& version) {
  const std::vector<std::string> parts = Split(version, '.');
  return parts.size() <= 2 &&
         std::all_of(
             parts.begin(), parts.end(),
             [](const std::string& part) { return !part.empty() && part.size() <= 2 && AllOf(part, kDigits); }) &&
         ParseNumber(parts[0]).value_or(0) >= 10;
}

void CheckStorage(Tree& tree, const DatabaseSettings& database) {
  for (const auto& [path, name] :
       {std::pair("database.iops", "iops"), std::pair("database.throughput", "throughput")}) {
    if (!tree.Has(path)) continue;
    if (database.storage_type != "gp3") {
      tree.Complain(
          path,
          "`" + std::string(path) + "` needs gp3, but `database.storage_type` is " + tree.Told("database.storage_type"),
          "Remove it, or write `storage_type: gp3`.");
    } else if (database.storage < kSmallestTunable) {
      tree.Complain(
          path,
          "`" + std::string(path) + "` needs at least " + std::to_string(kSmallestTunable) +
              " GiB of gp3, but `database.storage` is " + tree.Told("database.storage"),
          "Remove it: a smaller gp3 always has 3,000 operations and 125 MiB per second. Or write `storage: 400`.");
    }
  }
  // gp3 has at most a quarter of a MiB for each operation per second (RDS user guide, "gp3 storage").
  const int iops = database.iops.value_or(12000);
  if (database.throughput && database.storage_type == "gp3" && database.storage >= kSmallestTunable &&
      *database.throughput * 4 > iops) {
    tree.Complain("database.throughput",
                  "`database.throughput` is " + tree.Told("database.throughput") + ", more than a quarter of the " +
                      std::to_string(iops) + " operations per second",
                  "Write `iops: " + std::to_string(*database.throughput * 4) + "` or more.");
  }
}

void CheckSnapshot(Tree& tree, const AwsSettings& settings) {
  const std::string& snapshot = settings.database.snapshot;
  if (snapshot.starts_with("arn:")) {
    const std::optional<Arn> arn = ParseArn(snapshot);
    if (arn && arn->service == "rds" && arn->resource.starts_with("snapshot:") && arn->resource.size() > 9) {
      if (settings.place.region.empty() || arn->region == settings.place.region) return;
      tree.Complain("database.snapshot",
                    "`database.snapshot` lies in " + arn->region + ", but `aws.region` is " + settings.place.region,
                    "Copy the snapshot into that region first.");
      return;
    }
  } else {
    const std::string name = snapshot.starts_with("rds:") ? snapshot.substr(4) : snapshot;
    const bool fits = !name.empty() && name.size() <= 255 && AllOf(name, std::string(kLettersAndDigits) + "-") &&
                      !AllOf(name.substr(0, 1), std::string(kDigits) + "-") && !name.ends_with('-') &&
                      name.find("--") == name.npos;
    if (fits) return;
  }
  tree.Complain("database.snapshot", "`database.snapshot` is no name and no ARN of a snapshot: " + Quoted(snapshot),
                "Write `newest`, or what `aws rds describe-db-snapshots` lists.");
}

}  // namespace

void ReadDatabase(Tree& tree, AwsSettings& settings) {
  using Mode = DatabaseSettings::Mode;
  DatabaseSettings& database = settings.database;
  const std::string mode = tree.Text("database.mode");
  database.mode = mode == "none" ? Mode::kNone : mode == "snapshot" ? Mode::kSnapshot : Mode::kDedicated;
  database.version = tree.Text("database.version");
  database.instance_class = tree.Text("database.class");
  database.storage = tree.Number("database.storage", database.storage);
  database.storage_type = tree.Text("database.storage_type");
  database.iops = tree.MaybeNumber("database.iops");
  database.throughput = tree.MaybeNumber("database.throughput");
  database.multi_az = tree.Flag("database.multi_az");
  database.backup_days = tree.Number("database.backups", database.backup_days);
  database.deletion_protection = tree.Flag("database.deletion_protection");
  database.password = tree.Text("database.password") == "managed" ? DatabaseSettings::Password::kManaged
                                                                  : DatabaseSettings::Password::kSecret;
  database.snapshot = tree.Text("database.snapshot");
  database.name = tree.Text("database.name");
  database.user = tree.Text("database.user");
  if (database.mode == Mode::kNone) return;
  if (!IsVersion(database.version)) {
    tree.Complain("database.version", "`database.version` is no version of PostgreSQL: " + Quoted(database.version),
                  "Write the major one, such as 16; RDS chooses the newest of it.");
  }
  if (const std::optional<TypeProblem> problem = CheckDatabaseClass(database.instance_class)) {
    tree.Complain("database.class", "`database.class`: " + problem->why, problem->hint);
  }
  CheckStorage(tree, database);
  if (database.mode == Mode::kSnapshot) CheckSnapshot(tree, settings);
  CheckName(tree, "database.name", database.name, false);
  CheckName(tree, "database.user", database.user, true);
}

}  // namespace perch::beanstalk
