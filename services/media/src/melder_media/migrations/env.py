"""Runs the revisions of the schema ``media``; see melder_common.migrations."""

from melder_common.migrations import run_environment
from melder_media.store.tables import metadata

run_environment(metadata)
