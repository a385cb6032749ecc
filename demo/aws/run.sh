#!/usr/bin/env bash
# Finds a Python that has the local stand-in for AWS (moto), or makes one, and runs a script of this folder with it.
#   run.sh story.py PERCH_BINARY [-v] [--keep]
# PERCH_AWS_PYTHON: a virtual environment that has it; without it `python3`, then build/aws-python, which is made where it is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
wanted=$root/tests/peers/requirements.txt
own=$root/build/aws-python
script=$1
shift

run_if_whole() {
  if "$1" -c 'import moto, flask, flask_cors, cfnlint, yaml' 2>/dev/null; then exec "$1" "$here/$script" "${@:2}"; fi
}

# Only the folder of perch's own is ever made or removed.
make_own() {
  echo "perch: putting the stand-in for AWS ($(grep -v '^#' "$wanted" | xargs)) into build/aws-python, this once" >&2
  rm -rf "$own"
  mkdir -p "$root/build"
  if python3 -m venv --system-site-packages "$own" && "$own/bin/python3" -m pip install --quiet --retries 1 --timeout 15 -r "$wanted"; then return; fi >"$own.log" 2>&1
  tail -n 1 "$own.log" | sed 's/^/  /' >&2
  rm -rf "$own" "$own.log"
}

if [ -n "${PERCH_AWS_PYTHON:-}" ]; then
  run_if_whole "$PERCH_AWS_PYTHON/bin/python3" "$@"
else
  run_if_whole python3 "$@"
  run_if_whole "$own/bin/python3" "$@"
  make_own
  run_if_whole "$own/bin/python3" "$@"
fi
echo "perch: skipped: Python's moto is missing, and Debian 12 has no package of it. Where a package index answers: python3 -m venv ~/moto && ~/moto/bin/pip install 'moto[server]==5.2.1', then PERCH_AWS_PYTHON=~/moto" >&2
exit 77
