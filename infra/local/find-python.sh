#!/usr/bin/env bash
# Prints a Python of 3.11 or newer that can make environments; status 1 when there is none.
# Run it in the checkout: the environment that is there already comes first. A name in PATH need not
# be one: it may be a shim of a version that nobody chose, or a Python without Debian's python3-venv.
set -euo pipefail

can_make_environments() {
  "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

mapfile -t candidates < <(echo .venv/bin/python; type -ap python3.13 python3.12 python3.11 python3)
for candidate in "${candidates[@]}"; do
  if can_make_environments "$candidate"; then
    echo "$candidate"
    exit 0
  fi
done
exit 1
