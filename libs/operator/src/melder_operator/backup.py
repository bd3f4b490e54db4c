"""``melder backup``: the whole database at one moment, with a manifest that proves it whole."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from melder_operator.manifest import DUMP, MANIFEST, describe, digest_of
from melder_operator.postgres_programs import Admin

AdminUrl = Annotated[
    str, typer.Option(envvar="MELDER_ADMIN_DATABASE_URL", help="libpq URL of a superuser")
]
PasswordFile = Annotated[
    Path | None, typer.Option(envvar="MELDER_ADMIN_PASSWORD_FILE", help="the superuser's password")
]
Database = Annotated[str, typer.Option(help="the installation's database")]


@contextmanager
def explained() -> Iterator[None]:
    """Say what the server said, without a traceback."""
    try:
        yield
    except (OSError, asyncpg.PostgresError) as trouble:
        typer.echo(f"The database cannot be used: {trouble}", err=True)
        raise typer.Exit(1) from trouble


def read_admin(url: str, password_file: Path | None) -> Admin:
    """The operator's access from the command's options."""
    return Admin(url, password_file.read_text().strip() if password_file else None)


def backup(
    directory: Annotated[Path, typer.Argument(help="where backups are kept")],
    admin_url: AdminUrl,
    admin_password_file: PasswordFile = None,
    database: Database = "melder",
) -> None:
    """Write one backup below DIRECTORY while everything runs, and print its path.

    All four services lie in one database, so one dump is one moment for every log, cursor and
    timer. In no backup are: secrets and sealing keys (they lie in files, apart), the objects of
    the S3 store (sealed, named in the database; mirror the buckets after this command), streams
    (the outboxes fill them), the erasure ledger (it must be newer than any backup).
    """
    admin = read_admin(admin_url, admin_password_file)
    made = f"melder-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    unfinished = directory / f"{made}.unfinished"
    unfinished.mkdir(parents=True, mode=0o700)
    with explained():
        asyncio.run(_dump(admin, database, unfinished))
    _sync(unfinished / DUMP, unfinished / MANIFEST, unfinished)
    unfinished.rename(directory / made)
    _sync(directory)
    typer.echo(str(directory / made))


async def _dump(admin: Admin, database: str, directory: Path) -> None:
    """Dump and describe in one snapshot: what the manifest says is what the dump holds."""
    connection = await asyncpg.connect(admin.on(database), password=admin.password)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await asyncio.to_thread(
                admin.run,
                "pg_dump",
                "--format=custom",
                "--no-password",
                f"--snapshot={snapshot}",
                f"--file={directory / DUMP}",
                f"--dbname={admin.on(database)}",
            )
            size, sha256 = await asyncio.to_thread(_measure, directory / DUMP)
            (await describe(connection, size=size, sha256=sha256)).write(directory)
    finally:
        await connection.close()


def _measure(dump: Path) -> tuple[int, str]:
    dump.chmod(0o600)
    return dump.stat().st_size, digest_of(dump)


def _sync(*paths: Path) -> None:
    """Have files and directories on disk before the backup gets its name."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
