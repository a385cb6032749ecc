#pragma once

#include "cfn/types/tag.h"

/// Amazon RDS, as the CloudFormation registry describes it.
namespace perch::cfn::rds {

struct SubnetGroup {
  static constexpr std::string_view kType = "AWS::RDS::DBSubnetGroup";
  Text description;
  Texts subnet_ids;  ///< in two availability zones or more
  Value Properties() const {
    return cfn::Properties().Add("DBSubnetGroupDescription", description).Add("SubnetIds", subnet_ids);
  }
};

/// Without a deletion policy CloudFormation leaves a paid snapshot behind.
struct Instance {
  static constexpr std::string_view kType = "AWS::RDS::DBInstance";
  static constexpr Attribute<Instance> kAddress{"Endpoint.Address"};
  static constexpr Attribute<Instance> kPort{"Endpoint.Port"};
  static constexpr Attribute<Instance> kSecretArn{"MasterUserSecret.SecretArn"};
  Text engine, engine_version, instance_class, allocated_storage, storage_type;
  Number iops, storage_throughput;
  Text name, master_username, master_user_password;
  Flag manage_master_user_password;
  Text snapshot_identifier;  ///< excludes name and master_username
  Text subnet_group;
  Texts security_groups;
  Flag multi_az, publicly_accessible, storage_encrypted, deletion_protection, copy_tags_to_snapshot;
  Flag delete_automated_backups, auto_minor_version_upgrade, allow_major_version_upgrade;
  Number backup_retention_period;  ///< days, 0 to 35
  Value Properties() const {
    return cfn::Properties()
        .Add("Engine", engine)
        .Add("EngineVersion", engine_version)
        .Add("DBInstanceClass", instance_class)
        .Add("DBSnapshotIdentifier", snapshot_identifier)
        .Add("DBName", name)
        .Add("MasterUsername", master_username)
        .Add("MasterUserPassword", master_user_password)
        .Add("ManageMasterUserPassword", manage_master_user_password)
        .Add("AllocatedStorage", allocated_storage)
        .Add("StorageType", storage_type)
        .Add("Iops", iops)
        .Add("StorageThroughput", storage_throughput)
        .Add("StorageEncrypted", storage_encrypted)
        .Add("MultiAZ", multi_az)
        .Add("DBSubnetGroupName", subnet_group)
        .Add("VPCSecurityGroups", security_groups)
        .Add("PubliclyAccessible", publicly_accessible)
        .Add("BackupRetentionPeriod", backup_retention_period)
        .Add("DeleteAutomatedBackups", delete_automated_backups)
        .Add("CopyTagsToSnapshot", copy_tags_to_snapshot)
        .Add("DeletionProtection", deletion_protection)
        .Add("AutoMinorVersionUpgrade", auto_minor_version_upgrade)
        .Add("AllowMajorVersionUpgrade", allow_major_version_upgrade);
  }
};

}  // namespace perch::cfn::rds
