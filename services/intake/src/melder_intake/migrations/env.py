"""Alembic's entry for schema ``intake``."""

from melder_common.migrations import run_environment
from melder_intake.store.tables import metadata

run_environment(metadata)
