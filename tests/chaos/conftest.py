"""One whole installation for the chaos tests of a worker, with a failing proxy between its parts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.running import stop
from melder_local.system import System


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demo region without reports. ``MELDER_CHAOS_RUN_DIR`` names one that runs already."""
    if running := os.environ.get("MELDER_CHAOS_RUN_DIR"):
        yield System(Place(Path(running), int(os.environ["MELDER_PORT"])))
        return
    run = tmp_path_factory.mktemp("chaos")
    place = Place(run, free_ports(1)[0])
    environment = {
        **os.environ,
        "MELDER_RUN_DIR": str(run),
        "MELDER_PORT": str(place.port),
        "MELDER_DURABLE": "0",
        "MELDER_PROXY": "1",
    }
    try:
        melder_local = Path(sys.executable).parent / "melder-local"
        subprocess.run([melder_local, "up"], env=environment, check=True)
        demo = [sys.executable, "-m", "melder_local.demo", "--without-reports"]
        subprocess.run(demo, env=environment, check=True)
        yield System(place)
    finally:
        stop(place)
