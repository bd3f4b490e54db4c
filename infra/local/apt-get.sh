#!/usr/bin/env bash
# apt-get without questions that waits, ten minutes at most, while another one works.
# apt itself knows a time for dpkg's lock only; where the package lists or archives are locked it fails at once.
set -euo pipefail

patience_s=600
argv=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o "DPkg::Lock::Timeout=$patience_s" "$@")
until trouble="$("${argv[@]}" 2>&1 >/dev/null)"; do
  if [[ "$trouble" != */lock* ]] || [ "$SECONDS" -ge "$patience_s" ]; then
    printf '%s\n' "$trouble" >&2
    exit 1
  fi
  sleep 2
done
