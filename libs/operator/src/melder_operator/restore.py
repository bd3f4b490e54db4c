"""``melder restore``: a backup becomes the installation again, and nobody erased comes back."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from melder_common.provisioning import INSTALLATION, provision, provision_roles
from melder_common.streams import delete_stream
from melder_common.transport import TransportFailed
from melder_operator.backup import AdminUrl, Database, PasswordFile, explained, read_admin
from melder_operator.database import role_passwords
from melder_operator.manifest import DUMP, BrokenBackup, Manifest, read_manifest
from melder_operator.nats_users import OPERATOR
from melder_operator.postgres_programs import Admin

ERASING = ("intake", "media", "notify")
"""Services that note erasures; routing hears of them from intake and notify."""


def restore(
    *,
    backup: Annotated[Path, typer.Argument(help="a directory that `melder backup` has printed")],
    admin_url: AdminUrl,
    secrets: Annotated[Path, typer.Option(help="directory made by `melder secrets`")],
    nats_url: Annotated[str, typer.Option(envvar="MELDER_NATS_URL")] = "nats://127.0.0.1:4222",
    admin_password_file: PasswordFile = None,
    database: Database = "melder",
    services: Annotated[
        bool,
        typer.Option(
            help="run `migrate` and `erase-again` of the services, whose settings must be in the "
            "environment; where they live in other images, run those two there before starting"
        ),
    ] = True,
) -> None:
    """Put BACKUP in the database's place, empty the streams, erase again whom the ledger names.

    Refuses while a service is connected. What stands there now is not overwritten but renamed; the
    command that drops it is printed. Repeatable from any point.
    """
    admin = read_admin(admin_url, admin_password_file)
    try:
        manifest = read_manifest(backup)
    except BrokenBackup as flaw:
        raise typer.BadParameter(str(flaw)) from flaw
    programs = _programs() if services else []
    with explained():
        asyncio.run(_restore(admin, backup / DUMP, database, secrets))
    asyncio.run(_empty_streams(nats_url, secrets))
    for program, command in programs:
        _run(program, command)
    _report(manifest, database, run=services)


async def _restore(admin: Admin, dump: Path, database: str, secrets: Path) -> None:
    """Fill a new database beside the old one, and exchange their names when it is whole."""
    stamp = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    fresh, old = f"{database}_restoring_{stamp}", f"{database}_before_{stamp}"
    passwords = role_passwords(secrets)
    connection = await asyncpg.connect(admin.on("postgres"), password=admin.password)
    try:
        await _refuse_while_in_use(connection, database)
        await provision_roles(connection, passwords)
        await connection.execute(f'CREATE DATABASE "{fresh}" TEMPLATE template0')
        try:
            await asyncio.to_thread(_fill, admin, dump, fresh)
            await provision(admin.url, database=fresh, password=admin.password, passwords=passwords)
            await _refuse_while_in_use(connection, database)
        except BaseException:
            await connection.execute(f'DROP DATABASE "{fresh}" WITH (FORCE)')
            raise
        if await _exists(connection, database):
            await connection.execute(f'ALTER DATABASE "{database}" RENAME TO "{old}"')
            typer.echo(f'The database of before is now {old}. Drop it with: DROP DATABASE "{old}"')
        await connection.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{database}"')
    finally:
        await connection.close()


def _fill(admin: Admin, dump: Path, database: str) -> None:
    admin.run(
        "pg_restore",
        "--exit-on-error",
        "--no-password",
        "--jobs=2",
        f"--dbname={admin.on(database)}",
        str(dump),
    )


async def _refuse_while_in_use(connection: asyncpg.Connection, database: str) -> None:
    users = await connection.fetch(
        "SELECT DISTINCT usename, application_name FROM pg_stat_activity WHERE datname = $1 "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        database,
    )
    if users:
        names = ", ".join(sorted(f"{row['usename']} ({row['application_name']})" for row in users))
        typer.echo(f"Stop the services first: {names} still use the database.", err=True)
        raise typer.Exit(1)


async def _exists(connection: asyncpg.Connection, database: str) -> bool:
    return bool(await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database))


async def _empty_streams(url: str, secrets: Path) -> None:
    """Delete every stream: what it holds is of another past. The relays fill new ones.

    Where services may not make streams, `melder streams` does, as after an installation.
    """
    password_file = secrets / "nats" / OPERATOR
    for entry in INSTALLATION:
        try:
            there = await delete_stream(
                url, entry.schema, user=OPERATOR, password_file=password_file
            )
        except (TransportFailed, OSError) as trouble:
            typer.echo(f"The stream of {entry.schema} is still there: {trouble}", err=True)
            raise typer.Exit(1) from trouble
        typer.echo(f"{entry.schema}: stream {'deleted' if there else 'was not there'}")


def _programs() -> list[tuple[Path, str]]:
    """What each service does to a restored database; looked for before anything is touched."""
    found = [(_program(entry.schema), "migrate") for entry in INSTALLATION]
    return [*found, *((_program(service), "erase-again") for service in ERASING)]


def _program(service: str) -> Path:
    program = Path(sys.executable).parent / f"melder-{service}"
    if not program.exists():
        raise typer.BadParameter(
            f"{program.name} is not installed here: use --no-services, and run its "
            "`migrate` and `erase-again` where it is, before it starts"
        )
    return program


def _run(program: Path, command: str) -> None:
    done = subprocess.run([program, command], capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    if done.returncode:
        typer.echo(f"{program.name} {command} failed:\n{done.stdout}{done.stderr}", err=True)
        raise typer.Exit(1)
    if command == "erase-again":
        typer.echo(done.stdout.strip().splitlines()[-1])


def _report(manifest: Manifest, database: str, *, run: bool) -> None:
    typer.echo(f"{database} is as it was at {manifest.moment}: {manifest.reports} reports.")
    for key, count in sorted(manifest.keys.items()):
        typer.echo(f"{count} contacts need the sealing key {key}.")
    if not run:
        typer.echo(
            "Now run `migrate` of all services, then `erase-again` of intake, media, notify."
        )
    typer.echo("Then start the services: their relays fill the streams.")
