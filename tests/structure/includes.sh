#!/usr/bin/env bash
# Checks the real #include lines of src/ against the table of docs/architecture.md, so that the page and the code cannot disagree.
# Also: every file of src/ is formatted, and none has grown past 600 lines.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"
failed=0
declare -A allowed

# Rows look like: | `src/plan/` | what lives there | model base |
while IFS='|' read -r _ folder _ may _; do
  folder=$(sed -n 's/^ *`src\/\([a-z]*\)\/` *$/\1/p' <<<"$folder")
  [ -n "$folder" ] && allowed[$folder]=" $may $folder "
done < <(grep '^| `src/' docs/architecture.md)
[ ${#allowed[@]} -ge 10 ] || { echo "docs/architecture.md: the table of folders was not found"; exit 1; }

while IFS=: read -r file line text; do
  from=$(cut -d/ -f2 <<<"$file")
  to=$(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' <<<"$text")
  [ -n "$to" ] && [ -d "src/$to" ] || continue
  [ -n "${allowed[$from]:-}" ] || { echo "$file:$line: src/$from is not in docs/architecture.md"; failed=1; continue; }
  case "${allowed[$from]}" in
    *" everything "* | *" $to "*) ;;
    *) echo "$file:$line: src/$from may not include src/$to (see docs/architecture.md)"; failed=1 ;;
  esac
done < <(grep -rn --include='*.cc' --include='*.h' '^#include "' src)

while read -r lines file; do
  [ "$file" = total ] || [ "$lines" -le 600 ] || { echo "$file: $lines lines; split it"; failed=1; }
done < <(find src -name '*.cc' -o -name '*.h' | xargs wc -l)

if command -v clang-format-19 >/dev/null; then
  find src tests bench \( -name '*.cc' -o -name '*.h' \) -print0 | xargs -0 clang-format-19 --dry-run --Werror || failed=1
fi
[ "$failed" = 0 ] && echo "includes, sizes and formatting are as docs/architecture.md says"
exit "$failed"
