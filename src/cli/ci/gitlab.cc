#include "base/text.h"
#include "base/value.h"
#include "cli/ci/shell.h"
#include "cli/ci/text.h"

namespace perch::cli::ci {
namespace {

constexpr char kRole[] = R"SH(printf '%s' "$PERCH_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")SH";

constexpr char kText[] =
    R"YAML(# Written by `perch ci gitlab` from perch.yaml: build, test, push, deploy; hourly, what has no branch is taken down.
# perch's docs/ci.md says which roles, variables and schedule it needs, and how to change it.
stages: [deploy, sweep]

workflow:
  rules:
    # Branches, and the hourly schedule. No merge requests: a fork's code must not get near the roles.
    - if: $CI_PIPELINE_SOURCE == "schedule"
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      when: never
    - if: $CI_COMMIT_BRANCH

.perch:
  image: @IMAGE@
  # For a token that AWS takes in place of a password.
  id_tokens:
    PERCH_ID_TOKEN:
      aud: https://gitlab.com
  variables:
    AWS_REGION: @REGION@
    AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/perch-token
  before_script:
    # git asks this for a password, so that the token is in no URL and no command line.
    - |
      export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=credential.helper
      export GIT_CONFIG_VALUE_0='!f() { echo username=gitlab-ci-token; echo "password=$CI_JOB_TOKEN"; }; f'

.docker:
  extends: .perch
  stage: deploy
  services: ["docker:28-dind"]
  variables:
    AWS_ROLE_ARN: $PERCH_DEPLOY_ROLE
    DOCKER_CONFIG: /tmp/perch-docker
    DOCKER_HOST: tcp://docker:2376
    DOCKER_TLS_CERTDIR: /certs
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /certs/client
  # One deployment of a branch at a time; one that is no longer the newest when its turn comes does nothing.
  resource_group: perch-$CI_COMMIT_REF_SLUG

deploy:
  extends: .docker
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    @NOT_HERE@
    - if: $CI_COMMIT_BRANCH
  environment:
    name: branch/$CI_COMMIT_REF_SLUG
    on_stop: remove
  script:
    # Build the image, once.
    - |
      @BUILD@
    @TEST_STEP@
    # Only what passed gets here: push it, and remember its digest.
    - |
      @PUSH@
    # Deploy the digest.
    - |
      @UP@

# GitLab runs this when the branch is deleted. It decides nothing by itself: perch looks up which branches are gone.
remove:
  extends: .perch
  stage: deploy
  variables:
    GIT_STRATEGY: none
    AWS_ROLE_ARN: $PERCH_SWEEP_ROLE
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    @NOT_HERE@
    - if: $CI_COMMIT_BRANCH
      when: manual
      allow_failure: true
  environment:
    name: branch/$CI_COMMIT_REF_SLUG
    action: stop
  script:
    # The branch is gone, so its code is, too; the default branch has the perch.yaml that counts.
    - |
      @ROLE@
      rm -rf /tmp/perch-code
      git clone -q --depth 1 "$CI_PROJECT_URL.git" /tmp/perch-code
      perch -C /tmp/perch-code sweep --platform aws --yes --grace 0s
@PRODUCTION@

# By a schedule of the default branch: Build, Pipeline schedules, "17 * * * *".
sweep:
  extends: .perch
  stage: sweep
  variables:
    AWS_ROLE_ARN: $PERCH_SWEEP_ROLE
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  resource_group: perch-sweep
  script:
    - |
      @ROLE@
      perch sweep --platform aws --yes --grace 1h
)YAML";

constexpr char kTestStep[] = R"YAML(# Test inside of it.
- |
  @TEST@
)YAML";

constexpr char kProduction[] = R"YAML(
production:
  extends: .docker
  variables:
    AWS_REGION: @REGION@
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    @PRODUCTION_ONLY@
  # Its own values of PERCH_DEPLOY_ROLE and PERCH_REPOSITORY belong to this environment.
  environment:
    name: production
  script:
    # Never a rebuild: copy the very image that staging runs, and remember its digest.
    - |
      @COPY@
    # Deploy the digest.
    - |
      @UP@
)YAML";

std::string If(const std::string& pattern) {
  return "- if: " + JsonString("$CI_COMMIT_BRANCH =~ " + RegexOf(pattern)) + "\n";
}

}  // namespace

Result<std::vector<File>> GitLab(const Pipeline& pipeline) {
  const Blocks blocks = ShellBlocks(
      pipeline, {.branch = "$CI_COMMIT_BRANCH", .commit = "$CI_COMMIT_SHA", .run = "$CI_JOB_ID", .role = kRole});
  Blocks words = blocks;
  std::string not_here, production;
  for (const std::string& glob : pipeline.skip) not_here += If(glob) + "  when: never\n";
  for (const std::string& name : pipeline.production) {
    not_here += If(name) + "  when: never\n";
    production += If(name);
  }
  words["IMAGE"] = pipeline.image.empty() ? "$PERCH_IMAGE" : JsonString(pipeline.image);
  words["REGION"] = JsonString(pipeline.region);
  words["NOT_HERE"] = not_here;
  words["TEST_STEP"] = pipeline.test.empty() ? "" : Fill(kTestStep, blocks);
  words["PRODUCTION_ONLY"] = production;
  Blocks production_words = words;
  production_words["REGION"] = JsonString(pipeline.production_region);
  words["PRODUCTION"] = production.empty() ? "" : Fill(kProduction, production_words);
  return std::vector<File>{{.path = ".gitlab-ci.yml", .text = Fill(kText, words)}};
}

}  // namespace perch::cli::ci
