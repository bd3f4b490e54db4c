#!/usr/bin/env bash
# Makes a checkout ready on Debian or Ubuntu: system packages, Python environment, page assets.
# Safe to repeat; what is there and unchanged is not touched. Says what is missing and how to get it.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*" >&2; }
also="${1:-}"

missing=()
python="$(infra/local/find-python.sh || true)"
[ -n "$python" ] || missing+=(python3-venv)
compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || missing+=(postgresql-15-postgis-3)
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
if [ "$also" = "with-chromium" ]; then
  command -v chromium >/dev/null || missing+=(chromium)
  command -v curl >/dev/null || missing+=(curl)  # runs the examples of docs/open311.md
  # Playwright brings its own node, which needs this library; Debian's chromium does not bring it.
  compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || missing+=(libatomic1)
fi
if [ "$also" = "with-faketime" ]; then  # lets the clocks of services jump
  compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
fi

if [ "${#missing[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    say "Missing: ${missing[*]}. This machine has no apt-get; install their equivalents and run make again."
    exit 1
  fi
  run=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run=(sudo -n); else
      say "Missing: ${missing[*]}. Run this once as root, then make again:"
      say "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
      exit 1
    fi
  fi
  say "Installing ${missing[*]} …"
  # Our cluster is our own; Debian's default one would only take port 5432.
  if [[ " ${missing[*]} " == *postgresql* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${run[@]}" mkdir -p /etc/postgresql-common/createcluster.d
    printf 'create_main_cluster = false\n' | "${run[@]}" tee /etc/postgresql-common/createcluster.d/melder.conf >/dev/null
  fi
  "${run[@]}" infra/local/apt-get.sh update
  "${run[@]}" infra/local/apt-get.sh install -y --no-install-recommends "${missing[@]}"
  python="${python:-$(infra/local/find-python.sh || true)}"
  if [ -z "$python" ]; then
    say "This system's python3 is older than 3.11. Put a newer python3 first into PATH and run make again."
    exit 1
  fi
fi

stamp="$("$python" -V) $(cat requirements/test.txt libs/*/pyproject.toml services/*/pyproject.toml infra/*/pyproject.toml | sha256sum | cut -d' ' -f1) $PWD"
if [ "$(cat .venv/melder-stamp 2>/dev/null)" != "$stamp" ]; then
  say "Installing the pinned Python packages into .venv (once, about a minute) …"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
    -e libs/common -e libs/web -e libs/operator \
    -e services/intake -e services/routing -e services/media -e services/notify -e infra/local -e infra/containers
  printf '%s' "$stamp" > .venv/melder-stamp
fi

.venv/bin/python libs/web/build.py
