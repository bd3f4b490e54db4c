#!/usr/bin/env bash
# Writes the hash-pinned requirement files; no registry address gets into them.
set -euo pipefail
cd "$(dirname "$0")/../.."
uv="$(command -v uv || true)"
if [ -z "$uv" ]; then
  tools="$(mktemp -d)"
  trap 'rm -rf "$tools"' EXIT
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet uv
  uv="$tools/bin/uv"
fi
for name in runtime build test; do
  "$uv" pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    "requirements/$name.in" -o "requirements/$name.txt"
done
