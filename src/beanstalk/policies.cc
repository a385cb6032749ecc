#include "beanstalk/policies.h"

#include <utility>

namespace perch::beanstalk {
namespace {

using cfn::Json;
using cfn::List;
using cfn::Object;

Json Document(std::vector<Json> statements) {
  return Object({{"Version", "2012-10-17"}, {"Statement", List(std::move(statements))}});
}

Json Texts(const std::vector<std::string>& texts) {
  std::vector<Json> items(texts.begin(), texts.end());
  return List(std::move(items));
}

}  // namespace

Json Policy(std::vector<Statement> statements) {
  std::vector<Json> list;
  list.reserve(statements.size());
  for (Statement& statement : statements) {
    std::vector<std::pair<std::string, Json>> entries;
    entries.reserve(4);
    entries.emplace_back("Effect", statement.deny ? "Deny" : "Allow");
    entries.emplace_back("Action", Texts(statement.actions));
    entries.emplace_back("Resource", List(std::move(statement.resources)));
    if (!statement.condition.empty()) entries.emplace_back("Condition", Object(std::move(statement.condition)));
    list.push_back(Object(std::move(entries)));
  }
  return Document(std::move(list));
}

Json TrustService(const std::string& service, std::vector<std::pair<std::string, Json>> condition) {
  std::vector<std::pair<std::string, Json>> entries = {
      {"Effect", "Allow"}, {"Principal", Object({{"Service", service}})}, {"Action", "sts:AssumeRole"}};
  if (!condition.empty()) entries.emplace_back("Condition", Object(std::move(condition)));
  return Document({Object(std::move(entries))});
}

Json ObjectsOf(const std::string& bucket) { return cfn::Sub("${" + bucket + ".Arn}/*"); }

Json OnlyTls(const std::string& bucket) {
  return Document({Object({{"Sid", "OnlyTls"},
                           {"Effect", "Deny"},
                           {"Principal", "*"},
                           {"Action", "s3:*"},
                           {"Resource", List({cfn::Sub("${" + bucket + ".Arn}"), ObjectsOf(bucket)})},
                           {"Condition", Object({{"Bool", Object({{"aws:SecureTransport", "false"}})}})}})});
}

}  // namespace perch::beanstalk
