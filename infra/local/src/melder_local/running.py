"""Is an installation running here, and how to wait for it and stop it."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import typer

from melder_local.place import Place
from melder_local.services import SERVICES, answers

_STOP_SECONDS = 90


def supervisor_pid(place: Place) -> int | None:
    """The pid of a living supervisor of this place, or None."""
    try:
        pid = int(place.pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return pid if b"melder_local.main" in command else None


@contextlib.contextmanager
def claimed(place: Place) -> Iterator[None]:
    """Note ourselves as the supervisor of this place; refuse when there is one."""
    if supervisor_pid(place) is not None:
        typer.echo(f"A supervisor of {place.run} is running already.", err=True)
        raise typer.Exit(1)
    place.pid_file.write_text(str(os.getpid()))
    try:
        yield
    finally:
        place.pid_file.unlink(missing_ok=True)


def wait_until_healthy(place: Place, supervisor: subprocess.Popen[bytes]) -> None:
    """Return when every service lives and the gateway answers; explain when it does not."""
    gateway = answers(f"{place.url}/gateway/ready")
    ports = place.ports()
    checks = [answers(f"http://127.0.0.1:{ports[one]}/healthz/live") for one in SERVICES]
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            break
        if gateway() and all(check() for check in checks):
            return
        time.sleep(0.2)
    log = place.logs / "supervisor.log"
    typer.echo(f"melder did not start. The end of {log}:", err=True)
    typer.echo("\n".join(log.read_text(errors="replace").splitlines()[-30:]), err=True)
    stop(place)
    raise typer.Exit(1)


def stop(place: Place) -> bool:
    """Stop the supervisor and with it everything; False when nothing runs.

    A supervisor that was killed leaves its parts behind: those are found by the status it wrote.
    """
    pid = supervisor_pid(place)
    if pid is None:
        return _stop_leftovers(place)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while supervisor_pid(place) == pid and time.monotonic() < deadline:
        time.sleep(0.1)
    return True


def _stop_leftovers(place: Place) -> bool:
    if not place.status_file.exists():
        return False
    parts = json.loads(place.status_file.read_text())["parts"].values()
    pids = [part["pid"] for part in reversed(list(parts)) if _is_still(part["pid"], part["argv"])]
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    place.status_file.unlink()
    return bool(pids)


def _is_still(pid: int | None, argv: list[str]) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except FileNotFoundError:
        return False
    return [word.decode(errors="replace") for word in command][-len(argv) :] == argv
