#!/bin/sh
# Prism in front of a GitHub stub: what perch asks and what the stub answers are both held against GitHub's own API description.
# usage: prism.sh UPSTREAM_URL PORT FOLDER     FOLDER keeps the npm packages between runs. Ends with 77 when npm can't be reached.
set -eu
upstream=$1 port=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null || { echo "skipped: npm is missing"; exit 77; }
mkdir -p "$folder"
if ! cmp -s "$here/package.json" "$folder/installed.json"; then
  cp "$here/package.json" "$folder/package.json"
  (cd "$folder" && npm install --no-audit --no-fund --loglevel=error >npm.log 2>&1) || { echo "skipped: npm can't install $(sed -n 's/.*"\(@[^"]*\)": "\(.*\)".*/\1@\2/p' "$here/package.json" | tr '\n' ' ')"; exit 77; }
  python3 "$here/trim_openapi.py" "$folder/node_modules/@octokit/openapi/generated/api.github.com.json" "$folder/github.json"
  cp "$here/package.json" "$folder/installed.json"
fi
[ "$folder/github.json" -nt "$here/trim_openapi.py" ] || python3 "$here/trim_openapi.py" "$folder/node_modules/@octokit/openapi/generated/api.github.com.json" "$folder/github.json"
exec "$folder/node_modules/.bin/prism" proxy --errors -h 127.0.0.1 -p "$port" "$folder/github.json" "$upstream"
