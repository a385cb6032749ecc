#include "base/text.h"
#include "base/value.h"
#include "cli/ci/shell.h"
#include "cli/ci/text.h"

namespace perch::cli::ci {
namespace {

constexpr char kRole[] = R"SH(printf '%s' "$CIRCLE_OIDC_TOKEN_V2" > "$AWS_WEB_IDENTITY_TOKEN_FILE")SH";

// Where nobody can ever put an image: it must be replaced.
constexpr char kNoImage[] = "registry.example.com/perch:" PERCH_VERSION;

constexpr char kText[] =
    R"YAML(# Written by `perch ci circleci` from perch.yaml: build, test, push, deploy; hourly, what has no branch is taken down.
# perch's docs/ci.md says which roles and contexts it needs, and how to change it.
version: 2.1

parameters:
  # perch's own image. CircleCI takes it from no variable; say `perch ci circleci --image REFERENCE@DIGEST`.
  perch-image:
    type: string
    default: @IMAGE@

executors:
  perch:
    docker:
      - image: << pipeline.parameters.perch-image >>

jobs:
  deploy:
    executor: perch
    # One deployment of a branch at a time; one that is no longer the newest when its turn comes does nothing.
    serial-group: << pipeline.project.slug >>/<< pipeline.git.branch >>
    environment: &deploy
      AWS_REGION: @REGION@
      AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/perch-token
      DOCKER_CONFIG: /tmp/perch-docker
    steps:
      - checkout
      - setup_remote_docker
      - run:
          name: Build the image, once
          command: |
            @BUILD@
      @TEST_STEP@
      # Only what passed gets here.
      - run:
          name: Push it, and remember its digest
          command: |
            @PUSH@
      - run:
          name: Deploy the digest
          # Beanstalk may say nothing for long.
          no_output_timeout: 60m
          command: |
            @UP@
  @PRODUCTION@
  sweep:
    executor: perch
    serial-group: << pipeline.project.slug >>/perch-sweep
    environment:
      AWS_REGION: @REGION@
      AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/perch-token
    steps:
      - checkout
      - run:
          name: Take down what has no branch
          no_output_timeout: 60m
          command: |
            @ROLE@
            perch sweep --platform aws --yes --grace 1h

# A context holds AWS_ROLE_ARN (and PERCH_REPOSITORY, GITHUB_TOKEN), so each job has only the rights of its own role.
workflows:
  push:
    jobs:
      - deploy:
          context: [perch-deploy]
          filters:
            branches:
              # Requests of forks, which must not get near the roles; branches to skip; production.
              ignore: @NOT_HERE@
      @PRODUCTION_JOB@
  sweep:
    # CircleCI does not tell of deleted branches.
    triggers:
      - schedule:
          cron: "17 * * * *"
          filters:
            branches:
              only: [@SWEEP_BRANCH@]
    jobs:
      - sweep:
          context: [perch-sweep]
)YAML";

constexpr char kTestStep[] = R"YAML(- run:
    name: Test inside of it
    command: |
      @TEST@
)YAML";

constexpr char kProduction[] = R"YAML(production:
  executor: perch
  serial-group: << pipeline.project.slug >>/<< pipeline.git.branch >>
  environment:
    <<: *deploy
    AWS_REGION: @REGION@
  steps:
    - checkout
    - setup_remote_docker
    - run:
        # Never a rebuild: production gets the very image that staging runs.
        name: Copy the image of staging, and remember its digest
        command: |
          @COPY@
    - run:
        name: Deploy the digest
        no_output_timeout: 60m
        command: |
          @UP@
)YAML";

constexpr char kProductionJob[] = R"YAML(- production:
    context: [perch-production]
    filters:
      branches:
        only: @PRODUCTION_ONLY@
)YAML";

}  // namespace

Result<std::vector<File>> CircleCi(const Pipeline& given) {
  const Pipeline pipeline = Escaped(given, "<<", "\\<<");
  const Blocks blocks = ShellBlocks(
      pipeline, {.branch = "$CIRCLE_BRANCH", .commit = "$CIRCLE_SHA1", .run = "$CIRCLE_BUILD_NUM", .role = kRole});
  std::vector<std::string> not_here = {"/^pull\\/[0-9]+$/"}, production;
  for (const std::string& glob : given.skip) not_here.push_back(RegexOf(glob));
  for (const std::string& name : given.production) {
    not_here.push_back(RegexOf(name));
    production.push_back(RegexOf(name));
  }
  Blocks words = blocks;
  words["IMAGE"] = JsonString(pipeline.image.empty() ? kNoImage : pipeline.image);
  words["REGION"] = JsonString(pipeline.region);
  words["NOT_HERE"] = FlowList(not_here);
  words["TEST_STEP"] = pipeline.test.empty() ? "" : Fill(kTestStep, blocks);
  words["SWEEP_BRANCH"] = JsonString(given.staging.empty() ? "main" : given.staging);
  words["PRODUCTION_ONLY"] = FlowList(production);
  Blocks production_words = words;
  production_words["REGION"] = JsonString(pipeline.production_region);
  words["PRODUCTION"] = production.empty() ? "" : Fill(kProduction, production_words);
  words["PRODUCTION_JOB"] = production.empty() ? "" : Fill(kProductionJob, words);
  return std::vector<File>{{.path = ".circleci/config.yml", .text = Fill(kText, words)}};
}

}  // namespace perch::cli::ci
