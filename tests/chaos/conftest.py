"""One whole installation for the chaos tests of a worker, with a failing proxy between its parts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.system import System
from melder_local.trial import started


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demo region without reports. ``MELDER_CHAOS_RUN_DIR`` names one that runs already."""
    if running := os.environ.get("MELDER_CHAOS_RUN_DIR"):
        yield System(Place(Path(running), int(os.environ["MELDER_PORT"])))
        return
    place = Place(tmp_path_factory.mktemp("chaos"), free_ports(1)[0])
    with started(place, MELDER_DURABLE="0", MELDER_PROXY="1") as running_system:
        yield running_system
