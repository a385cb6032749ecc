#include "cli/ci/shell.h"

#include "cli/ci/text.h"

namespace perch::cli::ci {
namespace {

constexpr char kBuild[] = R"SH(image="$PERCH_REPOSITORY:@TAG@"
docker build --file @DOCKERFILE@ --label "org.opencontainers.image.revision=@COMMIT@" --tag "$image" .
)SH";

constexpr char kTest[] = R"SH(image="$PERCH_REPOSITORY:@TAG@"
docker run --rm --env "PERCH_BRANCH=@BRANCH@" --env "PERCH_COMMIT=@COMMIT@" @ENV@@COMMAND@
)SH";

constexpr char kPush[] = R"SH(@ROLE@
image="$PERCH_REPOSITORY:@TAG@"
mkdir -p "$DOCKER_CONFIG"
jq -n --arg registry "${PERCH_REPOSITORY%%/*}" '{credHelpers: {($registry): "ecr-login"}}' > "$DOCKER_CONFIG/config.json"
docker push "$image"
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep -F -m 1 "$PERCH_REPOSITORY@sha256:" > /tmp/perch-image
)SH";

constexpr char kCopy[] = R"SH(@ROLE@
staging=$(perch status @STAGING@ --platform aws --json)
source=$(printf '%s' "$staging" | jq -er 'select(.state == "ready") | .image | select(test("@sha256:[0-9a-f]{64}$"))') || {
  echo "perch: staging is not ready: production gets nothing" >&2
  exit 1
}
image="$PERCH_REPOSITORY:@TAG@"
mkdir -p "$DOCKER_CONFIG"
jq -n --arg from "${source%%/*}" --arg to "${PERCH_REPOSITORY%%/*}" '{credHelpers: {($from): "ecr-login", ($to): "ecr-login"}}' > "$DOCKER_CONFIG/config.json"
docker pull "$source"
docker tag "$source" "$image"
docker push "$image"
docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" | grep -Fx "$PERCH_REPOSITORY@${source##*@}" > /tmp/perch-image || {
  echo "perch: the copy has another digest than what staging runs: production gets nothing" >&2
  exit 1
}
)SH";

constexpr char kUp[] = R"SH(@ROLE@
branch="@BRANCH@"
case "$branch" in '' | -*) echo "perch: a branch with such a name cannot be deployed" >&2; exit 2 ;; esac
head=$(git ls-remote origin "refs/heads/$branch" | awk -v ref="refs/heads/$branch" '$2 == ref {print $1}')
if [ "$head" != "@COMMIT@" ]; then
  echo "perch: superseded: the branch has moved on, or is gone"
  exit 0
fi
status=0
perch up "$branch" --platform aws --image "$(cat /tmp/perch-image)" || status=$?
if [ "$status" -eq 4 ]; then
  echo "perch: superseded: the job of a newer push deploys it"
  exit 0
fi
exit "$status"
)SH";

}  // namespace

Blocks ShellBlocks(const Pipeline& pipeline, const Names& names) {
  std::string env;
  for (const std::string& variable : pipeline.test_env) env += "--env " + ShellWord(variable) + " ";
  const Blocks words = {{"BRANCH", names.branch},
                        {"COMMIT", names.commit},
                        {"TAG", "ci-" + names.commit + "-" + names.run},
                        {"ROLE", names.role},
                        {"DOCKERFILE", ShellWord(pipeline.dockerfile)},
                        {"COMMAND", pipeline.test},
                        {"ENV", env},
                        {"STAGING", ShellWord(pipeline.staging)}};
  return {{"ROLE", names.role},
          {"BUILD", Fill(kBuild, words)},
          {"TEST", pipeline.test.empty() ? "" : Fill(kTest, words)},
          {"PUSH", Fill(kPush, words)},
          {"COPY", Fill(kCopy, words)},
          {"UP", Fill(kUp, words)}};
}

}  // namespace perch::cli::ci
