"""Alembic runs the revisions of the schema ``routing`` from here."""

from melder_common.migrations import run_environment
from melder_routing.store.metadata import METADATA

run_environment(METADATA)
