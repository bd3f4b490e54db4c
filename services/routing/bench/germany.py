"""All of Germany at once: decisions, storing and asking over 11,299 municipalities, as JSON.

    make data-germany && make bench-germany

Starts a PostgreSQL of its own that syncs to disk, applies a region with every Land, Kreis, Verband
and Gemeinde, runs ``decisions.py`` and ``stored.py`` there, then a routing service for
``asking.py``. Everything is gone afterwards. Two and a half minutes on two cores.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from melder_common.testing.databases import Databases
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Launch, Process
from melder_local.services import answers

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
COMMANDS = Path(sys.executable).parent


def measure(data: Path = CHECKOUT / ".data/germany", questions: int = 2000) -> None:
    """Print one JSON document with what each measurement found."""
    if not (data / "gemeinden.geojson").exists():
        raise SystemExit("all of Germany is missing: run make data-germany")
    with tempfile.TemporaryDirectory(prefix="melder-germany-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        with _database(directory) as (cluster, database):
            found = _measure(directory, data, cluster, database, questions)
    print(json.dumps(found, indent=1))


def _measure(
    directory: Path, data: Path, cluster: PostgresCluster, database: str, questions: int
) -> dict[str, Any]:
    worker, desk = (cluster.url(database, f"routing_{role}") for role in ("worker", "desk"))
    seconds = _apply(directory, data, worker)
    decisions = _run("decisions.py", desk)
    with _service(directory, worker, desk, cluster.url(database, "melder_routing")) as service:
        port, process = service
        address = f"http://127.0.0.1:{port}"
        asked = _run(
            "asking.py", address, desk, "--process", str(process), "--questions", str(questions)
        )
    return {
        "apply_s": round(seconds, 1),
        "decisions": decisions,
        "asking": asked,
        "stored": _run("stored.py", worker),
    }


@contextmanager
def _database(directory: Path) -> Iterator[tuple[PostgresCluster, str]]:
    cluster = PostgresCluster(directory / "postgres", free_ports(1)[0], durable=True)
    cluster.prepare()
    server = Process(cluster.launch(), directory / "postgres.log")
    server.start()
    try:
        server.wait_ready()
        yield cluster, asyncio.run(Databases(cluster).clone("routing"))
    finally:
        server.stop()


def _apply(directory: Path, data: Path, worker: str) -> float:
    """Seconds to read and apply the region, in a process that may keep its memory to itself."""
    began = time.monotonic()
    _run("germany_apply.py", str(directory), str(data), worker)
    return time.monotonic() - began


@contextmanager
def _service(directory: Path, worker: str, desk: str, owner: str) -> Iterator[tuple[int, int]]:
    secrets, (port, nats) = directory / "secrets", free_ports(2)
    subprocess.run([COMMANDS / "melder", "secrets", secrets], check=True, capture_output=True)
    settings = {
        "DATABASE_URL": worker,
        "DESK_DATABASE_URL": desk,
        "OWNER_DATABASE_URL": owner,
        "NATS_URL": f"nats://127.0.0.1:{nats}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "INTERNAL_TOKEN_FILE": str(secrets / "internal_token"),
        "SESSION_KEY_FILE": str(secrets / "routing/session_key"),
        "GRANT_PRIVATE_KEY_FILE": str(secrets / "grants/private.pem"),
        "CASE_LINK_KEY_FILE": str(secrets / "routing/case_link_key"),
        "SEALING_PUBLIC_DIR": str(secrets / "sealing/public"),
        "QUESTIONS_PER_CLIENT": "1000000/minute",
        "LOG_LEVEL": "WARNING",
    }
    launch = Launch(
        "routing",
        (str(COMMANDS / "melder-routing"), "serve"),
        ready=answers(f"http://127.0.0.1:{port}/healthz/live"),
        env={f"ROUTING_{name}": value for name, value in settings.items()},
    )
    service = Process(launch, directory / "routing.log")
    service.start()
    try:
        service.wait_ready()
        yield port, service.pid
    finally:
        service.stop()


def _run(script: str, *arguments: str) -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, HERE / script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    return dict(json.loads(done.stdout or "{}"))


if __name__ == "__main__":
    typer.run(measure)
