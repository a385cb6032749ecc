#include <algorithm>

#include "base/text.h"
#include "base/value.h"
#include "cli/ci/shell.h"
#include "cli/ci/text.h"

namespace perch::cli::ci {
namespace {

// GitHub's own variables; nothing that others can choose is ever put into a text with ${{ }}.
constexpr char kRole[] =
    R"SH(curl -fsS -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq -er .value > "$AWS_WEB_IDENTITY_TOKEN_FILE")SH";

constexpr char kHead[] = R"YAML(# Written by `perch ci github` from perch.yaml. @ABOUT@
# perch's docs/ci.md says which roles and variables it needs, and how to change it.
name: @NAME@
on:
  @TRIGGER@
# Nothing, until a job says what it needs.
permissions: {}
concurrency:
  # @WHY@
  group: @GROUP@
  cancel-in-progress: false
defaults:
  run:
    shell: bash
jobs:
)YAML";

// A job up to its steps.
constexpr char kJob[] = R"YAML(@JOB@:
  runs-on: ubuntu-latest
  @ENVIRONMENT@
  container:
    image: @IMAGE@
    # GitHub's own steps and the engine's socket belong to root.
    options: --user 0
  permissions:
    # To read the code and the branches.
    contents: read
    # For a token that AWS takes in place of a password.
    id-token: write
    @STATUSES@
  env:
    GITHUB_TOKEN: ${{ github.token }}
    # git asks this for a password, so that the token is in no URL and no command line.
    GIT_CONFIG_COUNT: "1"
    GIT_CONFIG_KEY_0: credential.helper
    GIT_CONFIG_VALUE_0: '!f() { echo username=x-access-token; echo "password=$GITHUB_TOKEN"; }; f'
    AWS_REGION: @REGION@
    AWS_ROLE_ARN: ${{ vars.@ROLE_VARIABLE@ }}
    AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/perch-token
    @REGISTRY@
  steps:
    - name: Check out the code
      run: |
        git init -q .
        git remote add origin "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"
        git fetch -q --depth 1 origin "$GITHUB_SHA"
        git checkout -q --detach FETCH_HEAD
    @STEPS@
)YAML";

constexpr char kRegistry[] = R"YAML(PERCH_REPOSITORY: ${{ vars.PERCH_REPOSITORY }}
DOCKER_CONFIG: /tmp/perch-docker
)YAML";

constexpr char kStatuses[] = R"YAML(# To put the link beside the commit.
statuses: write
)YAML";

constexpr char kBuildSteps[] = R"YAML(- name: Build the image, once
  run: |
    @BUILD@
)YAML";

constexpr char kTestStep[] = R"YAML(- name: Test inside of it
  run: |
    @TEST@
)YAML";

constexpr char kPushSteps[] = R"YAML(# Only what passed gets here. AWS's rights begin here, too.
- name: Push it, and remember its digest
  run: |
    @PUSH@
)YAML";

constexpr char kCopySteps[] = R"YAML(# Never a rebuild: production gets the very image that staging runs.
- name: Copy the image of staging, and remember its digest
  run: |
    @COPY@
)YAML";

constexpr char kUpSteps[] = R"YAML(- name: Deploy the digest
  run: |
    @UP@
)YAML";

constexpr char kSweepSteps[] =
    R"YAML(# A deleted branch says so itself, so there is no time of grace. Which branches are gone is looked up all the same.
- name: Take down what has no branch
  env:
    GRACE: ${{ github.event_name == 'delete' && '0s' || '1h' }}
  run: |
    @ROLE@
    perch sweep --platform aws --yes --grace "$GRACE"
)YAML";

struct Workflow {
  std::string path, name, about, trigger, why, group, job, condition, environment, role, region, steps;
  bool deploys = true;
};

File Write(const Pipeline& pipeline, const Workflow& workflow, const Blocks& blocks) {
  const std::string job =
      Fill(kJob, {{"JOB", workflow.job},
                  {"ENVIRONMENT", workflow.condition + workflow.environment},
                  {"IMAGE", pipeline.image.empty() ? "${{ vars.PERCH_IMAGE }}" : JsonString(pipeline.image)},
                  {"STATUSES", workflow.deploys ? kStatuses : ""},
                  {"REGION", JsonString(workflow.region)},
                  {"ROLE_VARIABLE", workflow.role},
                  {"REGISTRY", workflow.deploys ? kRegistry : ""},
                  {"STEPS", Fill(workflow.steps, blocks)}});
  const std::string head = Fill(kHead, {{"ABOUT", workflow.about},
                                        {"NAME", workflow.name},
                                        {"TRIGGER", workflow.trigger},
                                        {"WHY", workflow.why},
                                        {"GROUP", workflow.group}});
  return {.path = ".github/workflows/" + workflow.path, .text = head + Fill("  @JOB@", {{"JOB", job}})};
}

constexpr char kNewest[] =
    "One deployment of a branch at a time, never cut off; of those that wait the newest is kept.";

}  // namespace

Result<std::vector<File>> GitHub(const Pipeline& given) {
  // Branches, and the few that are none of this workflow's business.
  std::vector<std::string> filters = {"**"};
  for (const std::string& glob : given.skip) {
    if (glob.contains('?')) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "GitHub's filters have nothing like the '?' of `" + Printable(glob) + "` in `branches.skip`",
                   .hint = "Use `*` there."});
    }
    filters.push_back("!" + GitHubFilterOf(glob));
  }
  std::vector<std::string> production;
  for (const std::string& name : given.production) {
    production.push_back(GitHubFilterOf(name));
    filters.push_back("!" + production.back());
  }
  const Pipeline pipeline = Escaped(given, "${{", "${{ '${{' }}");
  const Blocks blocks = ShellBlocks(pipeline, {.branch = "$GITHUB_REF_NAME",
                                               .commit = "$GITHUB_SHA",
                                               .run = "$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT",
                                               .role = kRole});
  std::vector<File> files;
  files.push_back(
      Write(pipeline,
            {.path = "perch.yml",
             .name = "perch",
             .about = "Each push to a branch: build, test, push, deploy.",
             .trigger = "push:\n  branches: " + FlowList(filters),
             .why = kNewest,
             .group = "perch-${{ github.ref }}",
             .job = "deploy",
             .role = "PERCH_DEPLOY_ROLE",
             .region = pipeline.region,
             .steps = std::string(kBuildSteps) + (pipeline.test.empty() ? "" : kTestStep) + kPushSteps + kUpSteps},
            blocks));
  if (!production.empty()) {
    files.push_back(Write(pipeline,
                          {.path = "perch-production.yml",
                           .name = "perch production",
                           .about = "Production gets the image that staging runs.",
                           .trigger = "push:\n  branches: " + FlowList(production),
                           .why = kNewest,
                           .group = "perch-${{ github.ref }}",
                           .job = "production",
                           .environment = "# Its own variables (PERCH_DEPLOY_ROLE, PERCH_REPOSITORY), and who must "
                                          "agree: Settings, Environments.\nenvironment: production",
                           .role = "PERCH_DEPLOY_ROLE",
                           .region = pipeline.production_region,
                           .steps = std::string(kCopySteps) + kUpSteps},
                          blocks));
  }
  files.push_back(Write(pipeline,
                        {.path = "perch-sweep.yml",
                         .name = "perch sweep",
                         .about = "What has no branch any more is taken down.",
                         .trigger = "# Hourly, and at once when a branch is deleted; both run what the default branch "
                                    "says.\nschedule:\n  - cron: \"17 * * * *\"\ndelete:\nworkflow_dispatch:",
                         .why = "One at a time.",
                         .group = "perch-sweep",
                         .job = "sweep",
                         .condition = "# A deleted tag means nothing.\nif: github.event_name != 'delete' || "
                                      "github.event.ref_type == 'branch'",
                         .role = "PERCH_SWEEP_ROLE",
                         .region = pipeline.region,
                         .steps = kSweepSteps,
                         .deploys = false},
                        blocks));
  return files;
}

}  // namespace perch::cli::ci
