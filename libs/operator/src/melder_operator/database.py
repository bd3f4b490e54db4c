"""``melder database``: the step that needs a superuser, once per installation."""

import asyncio
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from melder_common.provisioning import INSTALLATION, provision

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def group() -> None:
    """The database of an installation."""


@app.command("provision")
def provision_database(
    admin_url: Annotated[
        str,
        typer.Option(envvar="MELDER_ADMIN_DATABASE_URL", help="libpq URL of a superuser"),
    ],
    secrets: Annotated[Path, typer.Option(help="directory made by `melder secrets`")],
    database: Annotated[str, typer.Option(help="created when it is missing")] = "melder",
    admin_password_file: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Create database, PostGIS, roles and schemas; repeating sets the files' passwords."""
    password = admin_password_file.read_text().strip() if admin_password_file else None
    asyncio.run(_provision(admin_url, password, secrets, database))
    typer.echo(f"Database {database} is ready: {', '.join(one.schema for one in INSTALLATION)}")


async def _provision(admin_url: str, password: str | None, secrets: Path, database: str) -> None:
    admin = await asyncpg.connect(admin_url, password=password)
    try:
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            quoted = await admin.fetchval("SELECT quote_ident($1)", database)
            await admin.execute(f"CREATE DATABASE {quoted}")
    finally:
        await admin.close()
    await provision(
        admin_url, database=database, password=password, passwords=role_passwords(secrets)
    )


def role_passwords(secrets: Path) -> dict[str, str]:
    """The generated password of every role."""
    return {
        role: (secrets / "database" / role).read_text().strip()
        for entry in INSTALLATION
        for role in entry.roles
    }
