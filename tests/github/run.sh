#!/bin/sh
# run.sh PROBE FOLDER: exit code 77 ("skipped") with a line that says what is missing. What npm fetches goes into FOLDER.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for program in node npm python3; do
  if ! command -v "$program" > /dev/null; then
    echo "skipped: $program is not installed; './dev setup' installs it"
    exit 77
  fi
done
mkdir -p "$2/npm"
if ! cmp -s "$here/package-lock.json" "$2/npm/installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$2/npm/"
  if ! (cd "$2/npm" && npm ci --ignore-scripts --no-audit --no-fund > /dev/null 2>&1); then
    echo "skipped: npm could not fetch @stoplight/prism-cli and @octokit/openapi"
    exit 77
  fi
  cp "$here/package-lock.json" "$2/npm/installed"
fi
exec python3 "$here/github.py" "$1" "$2/npm"
