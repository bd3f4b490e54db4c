"""An installation for the time of a test: started, given the demo region, stopped in any case."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from melder_common.testing.nats import program
from melder_local.place import Place
from melder_local.running import stop
from melder_local.system import System

_STANDARD_ERROR = 2


@contextmanager
def started(place: Place, *, region: bool = True, **variables: str) -> Iterator[System]:
    """``place`` runs within the block, without any report.

    ``region``: with the demo region, its clerks and an API key. ``variables`` stand beside the
    environment: ``MELDER_DURABLE="0"`` trades safety against a power cut for speed.
    """
    environment = {
        **os.environ,
        "MELDER_RUN_DIR": str(place.run),
        "MELDER_PORT": str(place.port),
        **variables,
    }
    try:
        _run([program("melder-local"), "up"], environment)
        if region:
            _run([sys.executable, "-m", "melder_local.demo", "--without-reports"], environment)
        yield System(place)
    finally:
        stop(place)


def _run(argv: Sequence[str], environment: Mapping[str, str]) -> None:
    """What it tells goes to standard error: the output is for what is tried here."""
    subprocess.run(argv, env=environment, stdout=_STANDARD_ERROR, check=True)
