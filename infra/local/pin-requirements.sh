#!/usr/bin/env bash
# Writes the hash-pinned requirement files; no registry address gets into them.
# `runtime` holds everything (one machine, tests); each service's image takes only its own file.
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
pin() {
  "$uv" pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    "requirements/$1.in" -o "requirements/$1.txt" "${@:2}"
}
for name in runtime build test k8s-check; do pin "$name"; done
for name in intake routing routing-gdal media notify; do
  pin "$name" --constraint requirements/runtime.txt --no-annotate
done
