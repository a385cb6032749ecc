#include "beanstalk/generate.h"

#include <algorithm>

#include "beanstalk/application_template.h"
#include "beanstalk/environment_template.h"
#include "beanstalk/hatches.h"

namespace perch::beanstalk {
namespace {

/// CloudFormation looks such texts up with its own rights, wherever they stand.
constexpr std::string_view kDynamicReference = "{{resolve:";

/// A literal with a dynamic reference in it; nullptr if there is none. perch itself only writes them inside of Fn::Sub.
const std::string* FindReference(const Value& value) {
  if (const std::string* text = value.AsString()) {
    return text->find(kDynamicReference) == text->npos ? nullptr : text;
  }
  if (const Value::List* list = value.AsList()) {
    for (const Value& item : *list) {
      if (const std::string* found = FindReference(item)) return found;
    }
  }
  if (const Value::Map* map = value.AsMap()) {
    for (const Value::Entry& entry : *map) {
      if (entry.key == "Fn::Sub") continue;
      if (const std::string* found = FindReference(entry.value)) return found;
    }
  }
  return nullptr;
}

}  // namespace

bool Generated::Fits() const {
  return problems.empty() && std::none_of(findings.begin(), findings.end(), [](const cfn::Finding& finding) {
           return finding.severity == cfn::Finding::Severity::kError;
         });
}

Result<Generated> GenerateEnvironment(const AwsSettings& settings, const Facts& facts,
                                      const std::optional<Value>& own_template, const cfn::Schemas& schemas) {
  Generated generated;
  if (own_template) {
    generated.document = *own_template;
    CompleteOwnTemplate(generated.document, settings, facts, generated.problems);
  } else {
    Result<cfn::Template> document = EnvironmentTemplate(settings, facts);
    if (!document) return Fail(document.error());
    generated.document = std::move(*document).Document();
    if (FindReference(generated.document)) {
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "the settings of " + facts.branch + " would make CloudFormation look up a secret",
                   .why = "a value holds `{{resolve:`",
                   .hint = "Secrets belong into `secrets` of the operator's perch.yaml."});
    }
    ApplyHatches(generated.document, settings, generated.problems);
  }
  generated.findings = cfn::Check(generated.document, schemas);
  return generated;
}

Generated GenerateApplication(const AwsSettings& settings, const cfn::Schemas& schemas) {
  Generated generated{.document = ApplicationTemplate(settings).Document()};
  generated.findings = cfn::Check(generated.document, schemas);
  return generated;
}

std::map<std::string, std::string> FixedOf(const AwsSettings& settings, const std::string& branch) {
  // The load balancer is the application's: another application or network has another one.
  std::map<std::string, std::string> fixed = {{"host", HostOf(settings, branch)},
                                              {"application", std::string(ApplicationName(settings.application))},
                                              {"region", settings.place.region}};
  fixed["network"] = settings.place.vpc_id.empty() ? "perch's own" : settings.place.vpc_id;
  return fixed;
}

}  // namespace perch::beanstalk
