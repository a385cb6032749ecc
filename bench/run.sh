#!/usr/bin/env bash
# All figures of docs/performance.md, or one: run.sh [push|plan|template|gateway|start|memory|sweep]. Prints Markdown tables.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset bench >/dev/null
cmake --build build/bench >&2
perch=build/bench/src/cli/perch
wanted=${1:-all}
want() { [ "$wanted" = all ] || [ "$wanted" = "$1" ]; }

echo "<!-- $(date -u +%F), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), Linux $(uname -r) -->"
if want start; then
  printf '\n## Starting\n\n'
  hyperfine -N --warmup 5 --runs 100 "$perch --version" 'git --version' --export-markdown /dev/stdout 2>/dev/null | grep '^|'
fi
if want push; then printf '\n## From push to page\n\n'; python3 bench/push/push.py "$perch"; fi
if want plan; then printf '\n## Planning\n\n'; build/bench/bench/plan/plan_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true 2>/dev/null | sed "s/^/    /"; fi
if want template; then printf '\n## Templates\n\n'; python3 bench/template/template.py "$perch" build/bench/bench/template/template_bench; fi
if want memory; then printf '\n## A thousand environments\n\n'; python3 bench/memory/memory.py "$perch"; fi
if want sweep; then
  printf '\n## Sweep\n\n'
  python3 bench/sweep/emptying.py "$perch"; echo
  python3 bench/sweep/memory.py "$perch"; echo
  python3 bench/sweep/beside.py "$perch"
fi
if want gateway; then printf '\n## Gateway\n\n'; SECONDS_EACH=3 bench/gateway/run.sh; fi
