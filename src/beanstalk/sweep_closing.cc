#include "beanstalk/sweep_closing.h"

#include <boost/json.hpp>

#include "aws/s3.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kSid = "PerchSweep";

/// Deletes stay allowed: they are what a sweep does. Multipart uploads need s3:PutObject too.
boost::json::object NoWrites(std::string_view partition, std::string_view bucket) {
  const std::string keys = "arn:" + std::string(partition) + ":s3:::" + std::string(bucket) + "/*";
  return {{"Sid", boost::json::string(kSid)},
          {"Effect", "Deny"},
          {"Principal", "*"},
          {"Action", boost::json::array{"s3:PutObject", "s3:ReplicateObject"}},
          {"Resource", keys}};
}

bool IsOurs(const boost::json::value& statement) {
  const boost::json::object* object = statement.if_object();
  const boost::json::value* sid = object ? object->if_contains("Sid") : nullptr;
  return sid && sid->is_string() && sid->get_string() == kSid;
}

}  // namespace

std::optional<std::string> WithoutWrites(std::string_view policy, std::string_view partition, std::string_view bucket) {
  boost::json::object document = {{"Version", "2012-10-17"}};
  boost::json::array before;
  if (!policy.empty()) {
    boost::system::error_code wrong;
    boost::json::value parsed = boost::json::parse({policy.data(), policy.size()}, wrong);
    if (wrong || !parsed.is_object()) return std::nullopt;
    document = std::move(parsed.get_object());
    boost::json::value* said = document.if_contains("Statement");
    if (!said || !(said->is_array() || said->is_object())) return std::nullopt;
    if (said->is_object()) {
      before.push_back(std::move(*said));
    } else {
      before = std::move(said->get_array());
    }
  }
  boost::json::array statements;
  for (boost::json::value& statement : before) {
    if (!IsOurs(statement)) statements.push_back(std::move(statement));
  }
  statements.push_back(NoWrites(partition, bucket));
  document["Statement"] = std::move(statements);
  return boost::json::serialize(document);
}

aws::Answer<bool> CloseToWrites(const aws::Client& client, const std::string& bucket) {
  const aws::S3 s3(client);
  const aws::Answer<std::string> before = s3.GetBucketPolicy(bucket);
  if (!before && before.error().cause == aws::Cause::kNoBucket) return false;
  if (!before) return aws::Failed(before.error());
  const std::optional<std::string> closed = WithoutWrites(*before, client.partition(), bucket);
  if (!closed) {
    return aws::Failed({.service = "S3",
                        .operation = "GetBucketPolicy",
                        .where = bucket,
                        .message = "the policy that it has cannot be understood"});
  }
  if (*closed == *before) return true;
  const aws::Answer<void> put = s3.PutBucketPolicy(bucket, *closed);
  if (!put) return aws::Failed(put.error());
  return true;
}

}  // namespace perch::beanstalk
