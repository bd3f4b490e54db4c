#!/usr/bin/env bash
# Lint, then every test but the long suites, on all cores; one summary at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --quiet --check .
.venv/bin/mypy
.venv/bin/lint-imports >/dev/null
exec .venv/bin/pytest -q -n "${MELDER_TEST_WORKERS:-2}" --dist loadgroup
