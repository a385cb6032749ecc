#!/usr/bin/env bash
# `perch demo --once`: all branches up, each link checked, nothing left running. demo.sh PERCH_BINARY
set -euo pipefail
perch=$1
out=$("$perch" demo --once)
printf '%s\n' "$out"
for text in 'main .*ready' 'feature/dark-checkout .*ready' 'feature/gift-wrap .*ready' 'fix/rounding .*failed' 'docs/typo-no-infra .*skipped'; do
  grep -qE "$text" <<<"$out" || { echo "the table lacks: $text"; exit 1; }
done
if pgrep -f '__keeper.*perch-demo' >/dev/null; then echo "a keeper was left behind"; exit 1; fi
ls -d "${TMPDIR:-/tmp}"/perch-demo-* 2>/dev/null && { echo "a folder was left behind"; exit 1; }
exit 0
