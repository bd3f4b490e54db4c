"""Alembic's entry into notify's schema."""

from melder_common.migrations import run_environment
from melder_notify.store.tables import metadata

run_environment(metadata)
