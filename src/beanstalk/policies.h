#pragma once

#include <string>
#include <vector>

#include "cfn/expression.h"

/// IAM policy documents, put together from statements.
namespace perch::beanstalk {

struct Statement {
  std::vector<std::string> actions;
  std::vector<cfn::Json> resources;
  std::vector<std::pair<std::string, cfn::Json>> condition;  ///< "StringEquals" → {…}
  bool deny = false;
};

/// {"Version": "2012-10-17", "Statement": […]}
cfn::Json Policy(std::vector<Statement> statements);

/// A role that this AWS service may take.
cfn::Json TrustService(const std::string& service, std::vector<std::pair<std::string, cfn::Json>> condition = {});

/// "${Bucket.Arn}/*": every object of the bucket with this logical id.
cfn::Json ObjectsOf(const std::string& bucket);

/// A bucket, by its logical id, that answers only over TLS.
cfn::Json OnlyTls(const std::string& bucket);

}  // namespace perch::beanstalk
