"""pg_dump and pg_restore: the programs that know best how a database is kept and brought back."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import typer


@dataclass(frozen=True, slots=True)
class Admin:
    """How an operator reaches the database server: libpq URL without password, and the password."""

    url: str
    password: str | None

    def on(self, database: str) -> str:
        """The URL with another database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL's as this operator; the password never stands in its argv.

        Raises typer.Exit after showing what the program said.
        """
        environment = dict(os.environ)
        if self.password is not None:
            environment["PGPASSWORD"] = self.password
        done = subprocess.run(  # noqa: S603 (a program of PostgreSQL's, by its own path)
            [find_program(program), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            typer.echo(f"{program} failed ({done.returncode}):\n{done.stderr}", err=True)
            raise typer.Exit(1)


def find_program(name: str) -> str:
    """The newest of Debian's, else that of PATH: pg_dump must be as new as its server."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        typer.echo(
            f"{name} is missing: install PostgreSQL's client programs (postgresql-client) "
            "of the server's version or newer",
            err=True,
        )
        raise typer.Exit(1)
    return program


def _version(program: Path) -> int:
    return int(program.parent.parent.name)
