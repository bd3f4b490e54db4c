"""Places of rows that need an installation of their own."""

import shutil
from pathlib import Path

from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.stack import postgres_directory


def fresh_place(run: Path) -> Place:
    """A place at ``run`` without anything of an earlier run."""
    for directory in (postgres_directory(run), run):
        shutil.rmtree(directory, ignore_errors=True)
    return Place(run, free_ports(1)[0])
