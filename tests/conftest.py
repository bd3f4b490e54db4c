"""The whole system for end-to-end tests: every part real, started once per worker."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.system import System
from melder_local.trial import started
from melder_web.testing import chromium

__all__ = ["chromium", "system"]


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demo region, running, with clerks and an API key, without any report.

    ``MELDER_E2E_RUN_DIR`` and ``MELDER_PORT`` name one that runs already, to try a test quickly.
    """
    if running := os.environ.get("MELDER_E2E_RUN_DIR"):
        yield System(Place(Path(running), int(os.environ["MELDER_PORT"])))
        return
    place = Place(tmp_path_factory.mktemp("melder"), free_ports(1)[0])
    with started(place, MELDER_DURABLE="0") as running_system:
        yield running_system
