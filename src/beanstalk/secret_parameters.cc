#include "beanstalk/secret_parameters.h"

#include "model/resource_names.h"

namespace perch::beanstalk {

Status PutSecrets(const aws::Ssm& ssm, const AwsSettings& settings, const std::map<std::string, Secret>& values) {
  if (settings.secrets.empty()) return {};
  std::map<std::string, Secret> there;
  const std::string folder = ParameterNameFor(settings.app, settings.profile, "");
  const aws::Answer<void> read = ssm.GetParametersByPath(folder).ForEach([&](aws::Parameter& parameter) {
    there[parameter.name] = parameter.value;
    return true;
  });
  if (!read) return Fail(read.error());
  for (const std::string& name : settings.secrets) {
    const std::string parameter = ParameterNameFor(settings.app, settings.profile, name);
    const std::map<std::string, Secret>::const_iterator value = values.find(name), known = there.find(parameter);
    if (value == values.end()) {
      if (known != there.end()) continue;
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "the secret `" + name + "` has no value",
                   .where = parameter,
                   .why = "it is neither here nor in Parameter Store",
                   .hint = "Deploy once from where perch.yaml's `secrets` finds it, or put it there by hand."});
    }
    if (known != there.end() && known->second.Reveal() == value->second.Reveal()) continue;
    const aws::Answer<void> put = ssm.PutParameter(parameter, value->second);
    if (!put) return Fail(Error(put.error()), "cannot keep the secret " + name);
  }
  return {};
}

}  // namespace perch::beanstalk
