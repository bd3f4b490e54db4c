"""Small disks under the parts of an installation, and what people hear while one of them is full.

Each is a tmpfs of its own, so that filling one starves one part only. A fault fills it, asks as
citizens ask until the answers are as promised, holds, and makes room again; nothing is restarted.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from melder_common.testing.postgres import UNPRIVILEGED_USER
from melder_local.place import Place
from melder_local.stack import Stack, postgres_directory
from melder_local.system import System

from .schedule import Fault

HOLD_S = 12.0
PATIENCE_S = 90.0
PIECE = b"0" * 65536

REPORT = {
    "service_code": "road-pothole",
    "lat": "54.0801",
    "long": "12.2701",
    "description": "Die Platte ist voll, das Loch auch.",
}


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of ``size`` at ``path``."""

    path: Path
    size: str
    mode: str = "0755"

    def mount(self) -> None:
        """Put it there, empty."""
        self.path.mkdir(parents=True, exist_ok=True)
        options = f"size={self.size},mode={self.mode}"
        argv = ["mount", "-t", "tmpfs", "-o", options, "melder-chaos", str(self.path)]
        subprocess.run(argv, check=True)

    def fill(self) -> None:
        """Until not a single byte more can be written."""
        with (self.path / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(PIECE)
            except OSError:
                return

    def make_room(self) -> None:
        """Take away what ``fill`` has put there."""
        (self.path / "ballast").unlink()


def disks(place: Place) -> Mapping[str, Disk]:
    """What can fill up, by name, in the order in which it must be mounted."""
    postgres = postgres_directory(place.run)
    return {
        "data": Disk(postgres, "512m"),
        "wal": Disk(postgres / "pg_wal", "256m", "0700"),
        "nats": Disk(place.run / "nats", "64m"),
        "s3": Disk(place.run / "s3", "128m"),
        "tmp": Disk(place.run / "tmp", "32m", "1777"),
    }


def mount_all(place: Place) -> None:
    """Every disk of a place that was never started; its database cluster is made on them."""
    known = disks(place)
    for name, disk in known.items():
        if name != "wal":
            disk.mount()
    cluster = Stack(place).postgres
    cluster.prepare()
    with (cluster.directory / "postgresql.conf").open("a") as settings:
        settings.write("max_wal_size = 96MB\n")  # below its disk, as an operator would set it
    wal, aside = known["wal"], place.run / "wal"
    shutil.copytree(wal.path, aside)
    wal.mount()
    shutil.copytree(aside, wal.path, dirs_exist_ok=True)
    for path in (wal.path, *wal.path.rglob("*")):
        shutil.chown(path, UNPRIVILEGED_USER, UNPRIVILEGED_USER)


def fill(name: str, ask: Callable[[System], list[str]]) -> Callable[[System, Fault], None]:
    """A fault: the disk ``name`` is full until ``ask`` finds nothing wrong, and some time longer.

    Raises ValueError with the last answers that were not as they must be.
    """

    def deal(system: System, _fault: Fault) -> None:
        disk = disks(system.place)[name]
        disk.fill()
        try:
            wrong = _ask_until_right(system, ask)
            time.sleep(HOLD_S)
        finally:
            disk.make_room()
        if wrong:
            raise ValueError(f"{name} full: {'; '.join(wrong)}")

    return deal


def _ask_until_right(system: System, ask: Callable[[System], list[str]]) -> list[str]:
    until = time.monotonic() + PATIENCE_S
    while wrong := ask(system):
        if any(" 500" in one for one in wrong) or time.monotonic() > until:
            return wrong
        time.sleep(0.5)
    return []


def refused_everywhere(system: System) -> list[str]:
    """503 for a report, in the format of each caller; the form keeps what was typed."""
    sent = {"api_key": system.info()["OPEN311_KEY"], **REPORT}
    with httpx.Client(base_url=system.url, timeout=60) as http:
        in_json = http.post("/open311/v2/requests.json", data=sent)
        in_xml = http.post("/open311/v2/requests.xml", data=sent)
        form = http.post(
            "/melden", data={**REPORT, "step": "senden"}, headers={"Accept": "text/html"}
        )
    return [
        *_judge("JSON", in_json, 503, "application/json", '"code":"503"'),
        *_judge("XML", in_xml, 503, "text/xml", "<code>503</code>"),
        *_judge("form", form, 503, "text/html", REPORT["description"]),
    ]


def refused_after_the_log_is_full(system: System) -> list[str]:
    """As ``refused_everywhere``, once PostgreSQL has begun another segment of its log."""
    asyncio.run(_switch_segment(Stack(system.place).postgres.dsn("melder")))
    return refused_everywhere(system)


async def _switch_segment(dsn: str) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
        try:
            await connection.execute("SELECT pg_switch_wal()")
        finally:
            await connection.close(timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return  # it has stopped: that is what a full log does


def taken(system: System) -> list[str]:
    """Reports are accepted all the same."""
    sent = {"api_key": system.info()["OPEN311_KEY"], **REPORT}
    answer = httpx.post(f"{system.url}/open311/v2/requests.json", data=sent, timeout=60)
    return _judge("report", answer, 200, "application/json", "service_request_id")


def photos_wait(system: System) -> list[str]:
    """Reports are accepted, and photos of the crowd lie in media's spool: the store takes none."""
    spooled = asyncio.run(_spooled(Stack(system.place).postgres.dsn("melder")))
    return [*taken(system), *([] if spooled else ["no photo waits in the spool"])]


async def _spooled(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM media.photo WHERE original_at = 'spool'"
            )
        )
    finally:
        await connection.close()


def need_temporary_files(system: System) -> list[httpx.Response]:
    """A report with a large file, an upload by a program, one by a browser; none is a photo.

    The first time lets each service choose its directory: a full one would not be chosen.
    """
    sent = {"api_key": system.info()["OPEN311_KEY"], **REPORT}
    file = ("loch.jpg", b"\xff\xd8\xff" + bytes(3_000_000), "image/jpeg")
    with httpx.Client(base_url=system.url, timeout=60) as http:
        return [
            http.post("/open311/v2/requests.json", data=sent, files={"media": file}),
            http.post("/photos/", files={"photo": file}),
            http.post("/photos/", files={"photo": file}, headers={"Accept": "text/html"}),
        ]


def only_large_files_refused(system: System) -> list[str]:
    """Without room for temporary files: no large file, in each caller's format; reports go on."""
    with_file, upload, in_browser = need_temporary_files(system)
    return [
        *taken(system),
        *_judge("report with file", with_file, 503, "application/json", '"code":"503"'),
        *_judge("upload", upload, 503, "application/problem+json", '"status":503'),
        *_judge("upload in a browser", in_browser, 503, "text/html", "<h1"),
    ]


def _judge(what: str, answer: httpx.Response, status: int, media_type: str, part: str) -> list[str]:
    given = answer.headers.get("content-type", "").partition(";")[0]
    text = answer.text.replace('": ', '":')
    if answer.status_code == status and given == media_type and part in text:
        return []
    return [f"{what} was answered {answer.status_code} {given}: {answer.text[:200]}"]


FILLS: Mapping[str, Callable[[System, Fault], None]] = {
    "fill data": fill("data", refused_everywhere),
    "fill wal": fill("wal", refused_after_the_log_is_full),
    "fill nats": fill("nats", taken),
    "fill s3": fill("s3", photos_wait),
    "fill tmp": fill("tmp", only_large_files_refused),
}
"""Kind → what happens."""
