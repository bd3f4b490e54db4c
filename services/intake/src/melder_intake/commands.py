"""The command line: ``melder-intake serve`` and ``migrate``, and what operators do."""

import asyncio

import typer

from melder_common.dead_letter_commands import dead_letter_commands
from melder_common.erasures import add_erase_again
from melder_common.service import Service
from melder_common.service import serve as serve_app
from melder_common.settings import load_settings
from melder_intake.api_key_commands import api_keys
from melder_intake.main import build_app, build_parts, build_service
from melder_intake.parts import Parts
from melder_intake.settings import IntakeSettings
from melder_intake.use_cases.erase_report import erase_again
from melder_intake.use_cases.rebuild_public_view import PUBLIC_VIEW

app = typer.Typer(help="The intake service of melder.", no_args_is_help=True)
operator = typer.Typer()
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


@app.command()
def rebuild() -> None:
    """Have the running service rebuild the public view from reports and snapshots."""
    service, _ = _offline()
    asyncio.run(service.rebuild(PUBLIC_VIEW.name))
    typer.echo("the public view is being rebuilt")
