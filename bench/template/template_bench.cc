// How long an environment's template takes. The sizes to hold: one, checked, in under 1 ms; 1,000 in under 1 s.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "beanstalk/environment_template.h"
#include "beanstalk/generate.h"
#include "cfn/check.h"
#include "cfn/print.h"
#include "config/profiles.h"
#include "config/project.h"

namespace perch::beanstalk {
namespace {

constexpr char kConfig[] = R"(app: shop
platform: aws
domain: preview.example.com
run: {command: ./serve, health: /healthz}
env: {DEBUG: "1", PAGE_SIZE: 20}
aws:
  region: eu-central-1
  certificate: arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666
  hosted_zone: example.com
)";

config::Project TheProject() {
  Result<config::Project> project = config::Parse(kConfig, "perch.yaml");
  if (project) return *std::move(project);
  std::fprintf(stderr, "%s\n", project.error().Text().c_str());
  std::exit(1);
}

AwsSettings SettingsOf(const config::Project& project) {
  std::vector<Problem> problems;
  return ReadAwsSettings(config::CompleteForAws(*project.FindProfile("branch")), "branch", problems);
}

AwsSettings TheSettings() { return SettingsOf(TheProject()); }

Facts FactsOf(const std::string& branch) {
  return {
      .branch = branch,
      .image = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging@sha256:" + std::string(64, 'a'),
      .bundle_key = "bundles/shop/x/" + std::string(40, 'b') + ".zip",
      .platform_arn = "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux 2023/4.6.0",
      .commit = std::string(40, 'c'),
      .tree = std::string(40, 'd'),
      .settings_hash = std::string(64, 'e')};
}

Value Checked(const AwsSettings& settings, const Facts& facts, const cfn::Schemas& schemas) {
  Result<Generated> generated = GenerateEnvironment(settings, facts, std::nullopt, schemas);
  if (!generated || !generated->Fits()) std::abort();
  return std::move(generated->document);
}

/// The document as a value, nothing else.
void Build(benchmark::State& state) {
  const AwsSettings settings = TheSettings();
  const Facts facts = FactsOf("feature/cart");
  for (auto _ : state) benchmark::DoNotOptimize(EnvironmentTemplate(settings, facts).value().Document());
}

/// What troposphere does as well: built, and printed as JSON.
void BuildAndPrint(benchmark::State& state) {
  const AwsSettings settings = TheSettings();
  const Facts facts = FactsOf("feature/cart");
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = cfn::PrintJson(EnvironmentTemplate(settings, facts).value().Document());
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

/// Every check of a built template.
void Check(benchmark::State& state) {
  const cfn::Schemas schemas;
  const Value document = EnvironmentTemplate(TheSettings(), FactsOf("feature/cart")).value().Document();
  for (auto _ : state) benchmark::DoNotOptimize(cfn::Check(document, schemas));
}

/// What `perch template env` does between reading its file and writing: built, checked, printed.
void BuildCheckAndPrint(benchmark::State& state) {
  const cfn::Schemas schemas;
  const AwsSettings settings = TheSettings();
  const Facts facts = FactsOf("feature/cart");
  for (auto _ : state) benchmark::DoNotOptimize(cfn::PrintJson(Checked(settings, facts, schemas)));
}

/// The first one: what is known of the resource types has to be read too.
void First(benchmark::State& state) {
  const AwsSettings settings = TheSettings();
  const Facts facts = FactsOf("feature/cart");
  for (auto _ : state) {
    const cfn::Schemas schemas;
    benchmark::DoNotOptimize(cfn::PrintJson(Checked(settings, facts, schemas)));
  }
}

/// As people read it.
void PrintAsYaml(benchmark::State& state) {
  const Value document = EnvironmentTemplate(TheSettings(), FactsOf("feature/cart")).value().Document();
  for (auto _ : state) benchmark::DoNotOptimize(cfn::PrintYaml(document));
}

/// A thousand branches, one after the other, from the profile: settings read, template built, checked, printed.
void AThousand(benchmark::State& state) {
  const cfn::Schemas schemas;
  const config::Project project = TheProject();
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) {
      const AwsSettings settings = SettingsOf(project);
      const Facts facts = FactsOf("ticket-" + std::to_string(i) + "-a-name-as-people-write-them");
      benchmark::DoNotOptimize(cfn::PrintJson(Checked(settings, facts, schemas)));
    }
  }
}

BENCHMARK(Build)->Unit(benchmark::kMicrosecond);
BENCHMARK(BuildAndPrint)->Unit(benchmark::kMicrosecond);
BENCHMARK(Check)->Unit(benchmark::kMicrosecond);
BENCHMARK(BuildCheckAndPrint)->Unit(benchmark::kMicrosecond);
BENCHMARK(First)->Unit(benchmark::kMicrosecond);
BENCHMARK(PrintAsYaml)->Unit(benchmark::kMicrosecond);
BENCHMARK(AThousand)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace perch::beanstalk

BENCHMARK_MAIN();
