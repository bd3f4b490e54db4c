"""What can happen to an installation, each fault as one function: it harms, and waits for the end."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from melder_local.proxy import order
from melder_local.services import SERVICES
from melder_local.system import System, eventually
from melder_operator.nats_users import OPERATOR

from .clocks import jump, jump_without_mail
from .disks import FILLS
from .nats_leader import kill_leader
from .pauses import stand_still, take_over
from .schedule import Fault

PARTS_BEHIND_PROXY = {"postgres": "postgres", "nats": "nats", "s3": "s3", "smtp": "smtp"}
POINT_PATIENCE_S = 60.0


def kill(system: System, fault: Fault) -> None:
    """SIGKILL, at whatever it was doing."""
    system.end(fault.part, signal.SIGKILL)


def crash(system: System, fault: Fault) -> None:
    """SIGKILL now, and again when it passes the named point: there, work is in flight by nature."""
    restarts = system.arm(fault.part, f"{fault.point}:{fault.nth}")

    def passed() -> bool:
        now = system.parts()[fault.part]
        return bool(now["restarts"] > restarts and now["state"] == "running")

    eventually(passed, seconds=POINT_PATIENCE_S, what=f"the crash of {fault}")


def stop_database_at_once(system: System, fault: Fault) -> None:
    """PostgreSQL's immediate shutdown (SIGQUIT): no checkpoint, recovery at the next start."""
    system.end(fault.part, signal.SIGQUIT)


def lose_store(system: System, fault: Fault) -> None:
    """NATS dies and its store is gone: streams, consumers, everything."""
    with _stopped(system, fault.part) as store:
        if store.exists():
            shutil.move(store, _aside(store))


def set_store_back(system: System, fault: Fault) -> None:
    """NATS dies and comes back with a copy of its store that is some seconds old."""
    pid = int(system.parts()[fault.part]["pid"])
    store = system.place.run / "nats" / "store"
    copy = _aside(store)
    os.kill(pid, signal.SIGSTOP)
    try:
        shutil.copytree(store, copy)
    finally:
        os.kill(pid, signal.SIGCONT)
    time.sleep(3)  # the copy is to grow old: what is published meanwhile will be missing
    with _stopped(system, fault.part) as current:
        shutil.move(current, _aside(current))
        shutil.copytree(copy, current)


def delete_streams(system: System, fault: Fault) -> None:
    """Somebody deletes a stream of a running server, with all its consumers."""
    from melder_common.streams import delete_stream

    speaker = fault.part
    asyncio.run(
        delete_stream(
            system.place.nats_url,
            speaker,
            user=OPERATOR,
            password_file=system.place.secrets / "nats" / OPERATOR,
        )
    )


def hurt_link(mode: str, seconds: float) -> Callable[[System, Fault], None]:
    """A link through the proxy fails in one way for some seconds, then is well again."""

    def hurt(system: System, fault: Fault) -> None:
        with failing(system, fault.part, mode):
            time.sleep(seconds)

    return hurt


@contextlib.contextmanager
def failing(system: System, link: str, mode: str) -> Iterator[None]:
    """While the block runs, ``link`` fails as the proxy's ``mode`` says."""
    control = system.place.proxy_ports()["control"]
    order(control, f"{link} {mode}")
    try:
        yield
    finally:
        order(control, f"{link} pass")


def restart_all(system: System, _fault: Fault) -> None:
    """SIGTERM to one service after the other, each only when the one before is ready again."""
    for part in SERVICES:
        system.end(part, signal.SIGTERM)
        wait_until_ready(system, part)


def wait_until_ready(system: System, part: str) -> None:
    """Until a service says that it is ready for requests."""
    url = f"http://127.0.0.1:{system.place.ports()[part]}/healthz/ready"

    def ready() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2).status_code == 200
        return False

    eventually(ready, what=f"{part} ready")


FAULTS: Mapping[str, Callable[[System, Fault], None]] = {
    "kill": kill,
    "crash": crash,
    "stop at once": stop_database_at_once,
    "lose store": lose_store,
    "old store": set_store_back,
    "delete stream": delete_streams,
    "restart all": restart_all,
    "kill leader": kill_leader,
    **FILLS,
    "stand still": stand_still,
    "take over": take_over,
    "an hour ahead": jump(3600),
    "an hour behind": jump(-3600),
    "an hour ahead, no mail": jump_without_mail,
    **{
        f"{mode} {seconds} s": hurt_link(mode, seconds)
        for mode in ("slow", "cut", "black_hole", "half_open")
        for seconds in (4, 12)
    },
}
"""Kind → what happens."""


def deal(system: System, fault: Fault) -> None:
    """Let ``fault`` happen, and return when its part runs again."""
    FAULTS[fault.kind](system, fault)


@contextlib.contextmanager
def _stopped(system: System, part: str) -> Iterator[Path]:
    """The store of a server that cannot write any more and is dead afterwards."""
    pid = int(system.parts()[part]["pid"])
    os.kill(pid, signal.SIGSTOP)
    yield system.place.run / "nats" / "store"
    system.end(part, signal.SIGKILL)


def _aside(store: Path) -> Path:
    return store.with_name(f"store.{time.monotonic_ns()}")
