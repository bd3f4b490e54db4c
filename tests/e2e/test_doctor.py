"""``make doctor`` finds a running installation well, and says when there is none."""

import os
import subprocess
from pathlib import Path

import pytest

from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.services import SERVICES
from melder_local.system import System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]


def ask_doctor(place: Place) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MELDER_RUN_DIR": str(place.run),
        "MELDER_PORT": str(place.port),
    }
    return subprocess.run(
        [program("melder-local"), "doctor"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_looks_at_every_service_and_finds_all_well(system: System) -> None:
    def well() -> str | None:
        asked = ask_doctor(system.place)
        return asked.stdout if asked.returncode == 0 else None

    told = eventually(well, what="all of it well")
    for service in SERVICES:
        assert f"ok   {service}: ready" in told
        assert f"ok   {service}: 0 dead letters" in told


def test_what_is_not_running_is_said_so(tmp_path: Path) -> None:
    asked = ask_doctor(Place(tmp_path, free_ports(1)[0]))
    assert (asked.returncode, asked.stdout) == (
        1,
        "melder is not running. Start it with: make up\n",
    )
