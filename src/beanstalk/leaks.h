#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/error.h"

namespace perch::beanstalk {

/// Something in AWS that nobody needs any more.
struct Leak {
  std::string what;     ///< "log group /aws/elasticbeanstalk/x/y"
  std::string why;      ///< why it is an orphan: a sentence that goes on from `what`
  std::string costs;    ///< in words: "a database snapshot of 20 GiB"; "" when not known
  std::string remove;   ///< the command that removes it
  bool certain = true;  ///< false: nobody can tell cheaply whether it is still there
};

/// Looks for what earlier environments of `app` left in the client's region: all that has perch's tags, records,
/// bundles, application versions, log groups and snapshots. Only reads. `list_branches` gives all branches, and is
/// asked after AWS was. An error: some of it cannot be told; nothing is called an orphan then.
Result<std::vector<Leak>> FindLeaks(const aws::Client& client, const std::string& app,
                                    const std::function<Result<std::vector<std::string>>()>& list_branches);

}  // namespace perch::beanstalk
