"""A PostgreSQL cluster of our own, from Debian's packages."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from melder_common.testing.ports import is_open
from melder_common.testing.processes import Launch

UNPRIVILEGED_USER = "postgres"
"""Debian's package makes this account; initdb and postgres refuse to run as root."""

_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresMissing(RuntimeError):
    """PostgreSQL 15 with PostGIS is not installed; the message says how to get it."""


def postgres_programs() -> Path:
    """The directory of initdb and postgres, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    for program in found:
        version = program.parent.parent.name
        if Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists():
            return program.parent
    raise PostgresMissing(
        "PostgreSQL with PostGIS is missing; on Debian 12: apt-get install postgresql-15-postgis-3"
    )


def _version(program: Path) -> int:
    return int(program.parent.parent.name)


@dataclass(frozen=True, slots=True)
class PostgresCluster:
    """One cluster in ``directory``, listening on loopback only.

    ``password`` of the superuser ``melder_admin``; without one the server trusts loopback (tests).
    ``durable=False`` trades safety against a power cut for speed (tests).
    """

    directory: Path
    port: int
    password: str | None = None
    durable: bool = False

    def prepare(self) -> None:
        """Run initdb once; an existing cluster is left alone."""
        if (self.directory / "PG_VERSION").exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        argv = [str(postgres_programs() / "initdb"), "-D", str(self.directory)]
        argv += ["-U", "melder_admin", "-E", "UTF8", "--locale=C.UTF-8"]
        argv += ["--no-sync"] if not self.durable else []
        argv += ["--auth=trust"] if self.password is None else ["--auth=scram-sha-256"]
        account = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        if account:
            shutil.chown(self.directory, account, account)
        with tempfile.NamedTemporaryFile("w") as password_file:
            if self.password is not None:
                password_file.write(self.password)
                password_file.flush()
                argv.append(f"--pwfile={password_file.name}")
            if account:
                shutil.chown(password_file.name, account, account)
            done = subprocess.run(
                argv, capture_output=True, user=account, group=account, cwd="/", check=False
            )
        if done.returncode:
            raise PostgresMissing(done.stderr.decode(errors="replace"))

    def launch(self) -> Launch:
        """How to run it; SIGINT is PostgreSQL's fast shutdown."""
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_min_messages=warning",
            *(() if self.durable else _QUICK),
        ]
        argv = [str(postgres_programs() / "postgres"), "-D", str(self.directory)]
        for setting in settings:
            argv += ["-c", setting]
        return Launch(
            "postgres",
            tuple(argv),
            ready=self.answers,
            user=UNPRIVILEGED_USER,
            stop_signal=SIGINT,
            stop_grace_s=30,
        )

    def answers(self) -> bool:
        """Whether it accepts connections, not only TCP."""
        argv = [
            str(postgres_programs() / "pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        return is_open(self.port) and subprocess.run(argv, check=False).returncode == 0

    def dsn(self, database: str = "postgres", role: str = "melder_admin") -> str:
        """A libpq URL; the superuser's password is in it when there is one."""
        secret = f":{self.password}" if self.password and role == "melder_admin" else ""
        return f"postgresql://{role}{secret}@127.0.0.1:{self.port}/{database}"

    def url(self, database: str, role: str) -> str:
        """An SQLAlchemy URL for asyncpg, without a password."""
        return f"postgresql+asyncpg://{role}@127.0.0.1:{self.port}/{database}"
