#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "beanstalk/settings.h"
#include "model/settings.h"

namespace perch::beanstalk {

/// What Beanstalk deploys: the image by its digest, and what is done on an instance before it serves. The release step
/// runs for each deployment, and after it, once for each environment (a marker in its bucket), the seed; both in the
/// new image, with the environment's variables, on the one instance that leads the deployment. A failing one fails the
/// deployment.
struct Bundle {
  std::map<std::string, std::string> files;  ///< by path within the bundle
};

Bundle MakeBundle(const AwsSettings& aws, const Settings& settings, const std::string& image);

/// The bundle as a zip archive: the same bytes for the same files. Scripts are executable.
Result<std::string> ZipOf(const Bundle& bundle);

/// Which object of the environment's bucket says that the seed has run.
inline constexpr std::string_view kSeedMarker = ".perch/seeded";

}  // namespace perch::beanstalk
