"""The command line: ``melder-intake serve`` and ``migrate``, and what operators do with clients."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from melder_common.database import make_engine
from melder_common.dead_letter_commands import dead_letter_commands
from melder_common.erasures import add_erase_again
from melder_common.service import Service
from melder_common.service import serve as serve_app
from melder_common.settings import load_settings
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_intake.main import build_app, build_parts, build_service
from melder_intake.parts import Parts
from melder_intake.settings import IntakeSettings
from melder_intake.store import api_clients
from melder_intake.store.tables import event_tables
from melder_intake.use_cases.create_api_client import create_api_client
from melder_intake.use_cases.erase_report import erase_again
from melder_intake.use_cases.rebuild_public_view import PUBLIC_VIEW

T = TypeVar("T")

app = typer.Typer(help="The intake service of melder.", no_args_is_help=True)
operator = typer.Typer()
api_keys = typer.Typer(help="Keys of programs that post by Open311.", no_args_is_help=True)
operator.add_typer(api_keys, name="api-key")


def _offline() -> tuple[Service[Parts], Parts]:
    settings = load_settings(IntakeSettings)
    service = build_service(settings)
    return service, build_parts(settings, service)


app.add_typer(dead_letter_commands(_offline), name="dead-letters")
add_erase_again(app, _offline, erase_again)


@app.command()
def serve() -> None:
    """Answer requests, hear and speak events, until SIGTERM."""
    serve_app(build_app, load_settings(IntakeSettings))


@app.command()
def migrate() -> None:
    """Bring the schema up to date."""
    from melder_common.migrations import (  # noqa: PLC0415 (Alembic takes 7 MB that serving does not need)
        run_migrations,
    )

    run_migrations(load_settings(IntakeSettings), "melder_intake")


@api_keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="what clerks read as the sender, e.g. Stadt-App")],
    contact: Annotated[str | None, typer.Option(help="whom to ask when it misbehaves")] = None,
    per_minute: Annotated[int, typer.Option(help="how many reports it may post", min=1)] = 60,
) -> None:
    """Create a key and print it; it is shown this once and cannot be read again."""
    created = _in_one_unit(
        lambda unit: create_api_client(
            unit, name=name, contact=contact, requests_per_minute=per_minute
        )
    )
    typer.echo(created)


@api_keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="the name it was created with")]) -> None:
    """End every key of this name at once."""
    count = _in_one_unit(lambda unit: api_clients.revoke_clients(unit.connection, name, unit.now))
    typer.echo(f"{count} keys revoked")
    if not count:
        raise typer.Exit(1)


@app.command()
def rebuild() -> None:
    """Have the running service rebuild the public view from reports and snapshots."""
    service, _ = _offline()
    asyncio.run(service.rebuild(PUBLIC_VIEW.name))
    typer.echo("the public view is being rebuilt")


def _in_one_unit(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    settings = load_settings(IntakeSettings)

    async def run() -> T:
        engine = make_engine(
            settings.database_url,
            password_file=settings.database_password_file,
            application_name="intake operator",
            pool_size=1,
        )
        units = UnitsOfWork(
            engine, tables=event_tables, speaker="intake", partitions=settings.partitions
        )
        try:
            async with units.begin() as unit:
                return await work(unit)
        finally:
            await engine.dispose()

    return asyncio.run(run())
