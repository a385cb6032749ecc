#!/usr/bin/env bash
# kill.py for long: soak.sh PERCH_BINARY [ROUNDS] [SEED]
exec python3 "$(dirname "${BASH_SOURCE[0]}")/kill.py" "$@"
