#!/usr/bin/env bash
# make k8s-check: our own tests of the manifests, then checkov over every overlay as rendered.
# checkov and what it needs live in an environment of their own, pinned by hash.
set -euo pipefail
cd "$(dirname "$0")/../.."
run="${MELDER_RUN_DIR:-.run}/k8s-check"
mkdir -p "$run"

.venv/bin/pytest -q -n 2 --dist loadgroup infra/k8s infra/k8s/tests/rehearsal.py

stamp="$(sha256sum requirements/k8s-check.txt | cut -d' ' -f1)"
if [ "$(cat "$run/stamp" 2>/dev/null)" != "$stamp" ]; then
  echo "Installing checkov into $run/venv (once, about a minute) …" >&2
  rm -rf "$run/venv"
  "$(.venv/bin/python -c 'import sys; print(sys._base_executable)')" -m venv "$run/venv"
  "$run/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/k8s-check.txt
  printf '%s' "$stamp" > "$run/stamp"
fi

for overlay in infra/k8s/overlays/*/; do
  name="$(basename "$overlay")"
  .venv/bin/kubectl kustomize "$overlay" > "$run/$name.yaml"
  echo "checkov: $name"
  # Findings that we accept are explained where they are: an annotation checkov.io/skip… on the object.
  BC_SKIP_MAPPING=true "$run/venv/bin/checkov" --file "$run/$name.yaml" --framework kubernetes \
    --compact --quiet --skip-download --output cli > "$run/$name.txt" || { cat "$run/$name.txt"; exit 1; }
  grep '^Passed checks' "$run/$name.txt" || { cat "$run/$name.txt"; echo "checkov checked nothing"; exit 1; }
done
