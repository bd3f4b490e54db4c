"""The Docker engine: the one that runs, else one of our own that is stopped at the end."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from melder_containers.running import run, works

PACKAGES = ("docker.io", "iptables", "docker-compose")
"""Debian's packages of an engine and of something that reads docker-compose.yml."""

_BUILDKIT_NEEDS_A_PLUGIN_SINCE = 23


class NoEngine(RuntimeError):
    """There is no Docker engine and none can be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker engine that answers. ``compose``: the program that reads docker-compose.yml."""

    client: str
    compose: tuple[str, ...]
    host: str | None
    own: bool

    @property
    def environment(self) -> dict[str, str]:
        """What its programs have to be told."""
        host = {"DOCKER_HOST": self.host} if self.host else {}
        return {"DOCKER_BUILDKIT": "1", **host}

    def docker(self, *arguments: str, stdin: str | None = None) -> str:
        """The output of a docker command. Raises ProgramFailed."""
        return run([self.client, *arguments], environment=self.environment, stdin=stdin)

    def describe(self) -> str:
        """Name and version of engine and composer."""
        engine = self.docker("version", "--format", "{{.Server.Version}}").strip()
        composer = run([*self.compose, "version", "--short"], environment=self.environment).strip()
        return f"Docker engine {engine}, {' '.join(self.compose)} {composer}"


@contextlib.contextmanager
def running_engine(directory: Path) -> Iterator[Engine]:
    """The engine of this machine, or one whose data lies in ``directory``. Raises NoEngine."""
    if works(["docker", "version", "--format", "{{.Server.Version}}"]):
        yield Engine(find_client(), find_compose(), None, own=False)
        return
    install_packages()
    socket = directory / "docker.sock"
    with own_daemon(directory, socket):
        host = f"unix://{socket}"
        yield Engine(find_client(), find_compose({"DOCKER_HOST": host}), host, own=True)


def find_client() -> str:
    """A docker client that can build with BuildKit: with its plugin, or old enough to need none."""
    paths = [shutil.which("docker"), "/usr/bin/docker"]
    for client in dict.fromkeys(path for path in paths if path and Path(path).exists()):
        if works([client, "buildx", "version"]) or not needs_plugin(run([client, "--version"])):
            return client
    raise NoEngine("this docker client cannot build with BuildKit; install docker-buildx-plugin")


def needs_plugin(version: str) -> bool:
    """Whether a client of this ``docker --version`` has BuildKit only by a plugin."""
    number = version.removeprefix("Docker version ").split(".", 1)[0]
    return int(number) >= _BUILDKIT_NEEDS_A_PLUGIN_SINCE


def find_compose(environment: dict[str, str] | None = None) -> tuple[str, ...]:
    """Compose v2 where it is there, else Debian's docker-compose 1.29. Raises NoEngine."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if works([*command, "version"], environment=environment):
            return command
    raise NoEngine("nothing here reads docker-compose.yml; install docker-compose")


def install_packages() -> None:
    """Debian's engine, where this is root's machine; otherwise say what is missing."""
    if shutil.which("dockerd") and shutil.which("iptables"):
        return
    remedy = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoEngine(f"no Docker engine answers here. Start one, or as root: {remedy}")
    print(f"Installing {', '.join(PACKAGES)} …")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], environment=quiet)
    run(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *PACKAGES], environment=quiet
    )


@contextlib.contextmanager
def own_daemon(directory: Path, socket: Path) -> Iterator[None]:
    """A dockerd with everything of its own below ``directory``, stopped by its pid at the end."""
    if os.geteuid() != 0:
        raise NoEngine("no Docker engine answers here, and only root can start one")
    if works(["docker", "version"], environment={"DOCKER_HOST": f"unix://{socket}"}):
        raise NoEngine(f"another run uses {directory}: wait for it, or set MELDER_CONTAINERS_DIR")
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "dockerd.log").open("ab") as log:
        daemon = subprocess.Popen(daemon_argv(directory, socket), stdout=log, stderr=log)
    try:
        wait_for(daemon, socket, directory / "dockerd.log")
        yield
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(timeout=60)


def forget(directory: Path) -> None:
    """Remove what earlier engines left in ``directory``; they leave mounts behind, too."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    for mount in reversed(mounts_below(directory, mounts)):
        run(["umount", "--lazy", mount])
    shutil.rmtree(directory)


def mounts_below(directory: Path, mounts: str) -> list[str]:
    """Mount points within ``directory`` in the order of ``/proc/self/mounts``."""
    points = [line.split()[1] for line in mounts.splitlines() if line]
    return [point for point in points if Path(point).is_relative_to(directory)]


def daemon_argv(directory: Path, socket: Path) -> Sequence[str]:
    """The command line of an engine that shares nothing with another one but the kernel."""
    return (
        "dockerd",
        f"--data-root={directory / 'data'}",
        f"--exec-root={directory / 'exec'}",
        f"--pidfile={directory / 'dockerd.pid'}",
        f"--host=unix://{socket}",
    )


def wait_for(daemon: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    """Until it answers. Raises NoEngine with the end of its log."""
    deadline = time.monotonic() + 60
    asked = ["docker", "version", "--format", "{{.Server.Version}}"]
    while daemon.poll() is None and time.monotonic() < deadline:
        if works(asked, environment={"DOCKER_HOST": f"unix://{socket}"}):
            return
        time.sleep(0.3)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise NoEngine(f"dockerd did not start:\n{end}")
