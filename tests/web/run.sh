#!/bin/sh
# run.sh FAKE_SERVER: the browser tests; exit code 77 ("skipped") with a line that says what is missing.
set -eu
cd "$(dirname "$0")"
for program in node npm "${PERCH_CHROMIUM:-chromium}"; do
  if ! command -v "$program" > /dev/null; then
    echo "skipped: $program is not installed; './dev setup' installs it"
    exit 77
  fi
done
if [ ! -d node_modules ] && ! npm ci --no-audit --no-fund > /dev/null; then
  echo "skipped: npm could not fetch playwright-core and @axe-core/playwright"
  exit 77
fi
PERCH_FAKE_SERVER=$1 PERCH_CHROMIUM=$(command -v "${PERCH_CHROMIUM:-chromium}") exec node --test --test-concurrency=1 dashboard.test.mjs
