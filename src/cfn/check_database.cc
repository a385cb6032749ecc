#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cfn/check_context.h"

namespace perch::cfn {
namespace {

class Database {
 public:
  Database(Context& context, const Value& properties, const Place& place)
      : context_(context), properties_(properties), place_(place) {}

  void Check() {
    Password();
    Storage();
    Zones();
    if (const std::optional<std::int64_t> days = WholeOf(properties_.Find("BackupRetentionPeriod"));
        days && (*days < 0 || *days > 35)) {
      Error("BackupRetentionPeriod", "backups are kept 0 to 35 days, not " + std::to_string(*days));
    }
  }

 private:
  Presence There(std::string_view name) const { return PresenceOf(properties_.Find(name)); }
  bool Has(std::string_view name) const { return There(name) == Presence::kPresent; }
  bool Lacks(std::string_view name) const { return There(name) == Presence::kAbsent; }
  const std::string* Literal(std::string_view name) {
    return LiteralOf(&properties_, name, buffers_[std::string(name)]);
  }

  Place At(std::string_view name) const {
    for (const Value::Entry& entry : *properties_.AsMap()) {
      if (entry.key == name) return Place(place_, entry);
    }
    return place_;
  }
  void Error(std::string_view name, std::string text, std::string hint = "") {
    context_.Error(At(name), std::move(text), std::move(hint));
  }

  void Password() {
    const Value* managed_value = properties_.Find("ManageMasterUserPassword");
    const std::optional<bool> managed = TruthOf(managed_value);
    if (managed == true && Has("MasterUserPassword")) {
      Error("MasterUserPassword", "the database has `MasterUserPassword` and `ManageMasterUserPassword`",
            "Give only one of them.");
    }
    if (managed != true && Has("MasterUserSecret")) {
      if (Lacks("ManageMasterUserPassword") || managed == false) {
        Error("MasterUserSecret", "`MasterUserSecret` is only for `ManageMasterUserPassword: true`");
      }
    }
    // What is made from something else has its engine, owner and password from there.
    constexpr std::string_view kSources[] = {"DBSnapshotIdentifier",      "SourceDBInstanceIdentifier",
                                             "SourceDbiResourceId",       "SourceDBInstanceAutomatedBackupsArn",
                                             "SourceDBClusterIdentifier", "DBClusterSnapshotIdentifier",
                                             "DBClusterIdentifier"};
    const bool from_nothing =
        std::all_of(std::begin(kSources), std::end(kSources), [&](auto name) { return Lacks(name); });
    if (from_nothing && !context_.macros) {
      for (const char* name : {"Engine", "DBInstanceClass", "MasterUsername"}) {
        if (Lacks(name)) Error("", "a new database needs " + Quoted(name));
      }
      if (Lacks("MasterUserPassword") && (!managed_value || managed == false)) {
        Error("", "a new database needs `MasterUserPassword`, or `ManageMasterUserPassword: true`");
      }
      if (Lacks("AllocatedStorage") && Literal("Engine") && !Literal("Engine")->starts_with("aurora")) {
        Error("", "a new database needs `AllocatedStorage`", "GiB, for example 20.");
      }
    }
    if (Has("DBSnapshotIdentifier") && Has("MasterUsername")) {
      context_.Warning(At("MasterUsername"), "a database that is restored from a snapshot has its owner from there",
                       "Take `MasterUsername` out.");
    }
    if (const std::string* password = Literal("MasterUserPassword")) Literally(*password);
  }

  /// RDS API reference, CreateDBInstance: 8 to 128 printable ASCII characters (41 at most for MySQL), not / ' " @ or
  /// space.
  void Literally(const std::string& password) {
    if (password.size() < 8 || password.size() > 128) {
      Error("MasterUserPassword",
            "the password has " + std::to_string(password.size()) + " characters; 8 to 128 are allowed");
    }
    const auto fits = [](unsigned char c) {
      return c > ' ' && c < 0x7f && c != '/' && c != '"' && c != '@' && c != '\'';
    };
    if (!std::all_of(password.begin(), password.end(), fits)) {
      Error("MasterUserPassword", "the password has a character that RDS refuses",
            "It takes printable ASCII, without spaces and / \" ' @.");
    }
    context_.Warning(At("MasterUserPassword"),
                     "the password stands in the template, for everybody who can read the stack",
                     "Use a Secrets Manager secret by a dynamic reference, or `ManageMasterUserPassword: true`.");
  }

  void Storage() {
    const std::string* engine = Literal("Engine");
    const std::string* type = Literal("StorageType");
    const std::optional<std::int64_t> size = WholeOf(properties_.Find("AllocatedStorage"));
    const std::string kind = type ? ToLower(*type) : "";
    if (type && kind != "gp2" && kind != "gp3" && kind != "io1" && kind != "io2" && kind != "standard" &&
        !kind.starts_with("aurora")) {
      Error("StorageType", Quoted(*type) + " is no storage type", "One of: gp2, gp3, io1, io2, standard.");
    }
    const bool postgres = engine && ToLower(*engine) == "postgres";
    // RDS user guide, "Amazon RDS DB instance storage".
    if (size && postgres && (kind == "gp2" || kind == "gp3" || !type) && *size < 20) {
      Error("AllocatedStorage", "PostgreSQL needs at least 20 GiB, not " + std::to_string(*size));
    } else if (size && *size > 65536) {
      Error("AllocatedStorage", "a database has at most 65536 GiB, not " + std::to_string(*size));
    }
    for (const char* name : {"Iops", "StorageThroughput"}) {
      if (!Has(name)) continue;
      if (kind == "gp3" && postgres && size && *size < 400) {
        Error(name, Quoted(name) + " can only be set from 400 GiB on, and there are " + std::to_string(*size),
              "Below that gp3 has 3000 operations and 125 MiB a second, and no more.");
      } else if (kind == "gp2" || kind == "standard") {
        Error(name, Quoted(name) + " is not for " + kind, "Use gp3 from 400 GiB on.");
      }
    }
    if ((kind == "io1" || kind == "io2") && Lacks("Iops")) Error("StorageType", kind + " needs `Iops`");
    if (TruthOf(properties_.Find("StorageEncrypted")) == false && Has("KmsKeyId")) {
      Error("KmsKeyId", "`KmsKeyId` needs `StorageEncrypted: true`");
    }
    const std::optional<std::int64_t> most = WholeOf(properties_.Find("MaxAllocatedStorage"));
    if (most && size && *most <= *size) {
      Error("MaxAllocatedStorage", "`MaxAllocatedStorage` is above `AllocatedStorage`, not " + std::to_string(*most) +
                                       " for " + std::to_string(*size));
    }
  }

  void Zones() {
    if (TruthOf(properties_.Find("MultiAZ")) == true && Has("AvailabilityZone")) {
      Error("AvailabilityZone", "a database in several zones has no `AvailabilityZone`", "Take it out, or `MultiAZ`.");
    }
    const std::string* name = Literal("DBName");
    const std::string* engine = Literal("Engine");
    if (!name || !engine || ToLower(*engine) != "postgres") return;
    const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
    if (name->empty() || name->size() > 63 || !std::isalpha(static_cast<unsigned char>(name->front())) ||
        !std::all_of(name->begin(), name->end(), fits)) {
      Error("DBName", Quoted(*name) + " is no name of a PostgreSQL database",
            "A letter first, then letters, digits and _; at most 63 of them.");
    }
  }

  Context& context_;
  const Value& properties_;
  const Place& place_;
  std::map<std::string, std::string> buffers_;
};

}  // namespace

void CheckDatabase(Context& context, const Value& properties, const Place& place) {
  Database(context, properties, place).Check();
}

}  // namespace perch::cfn
