"""``melder-routing serve`` and ``migrate``: what starts fast, without the operators' commands."""

import typer

from melder_common.dead_letter_commands import dead_letter_commands
from melder_common.service import Service
from melder_common.serving import serve as serve_app
from melder_common.settings import load_settings
from melder_routing.main import build_app, build_parts, build_service
from melder_routing.parts import Parts
from melder_routing.settings import RoutingSettings
from melder_routing.store.rulebooks import Rulebooks

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The routing service of melder.")


def _offline() -> tuple[Service[Parts], Parts]:
    settings = load_settings(RoutingSettings)
    return build_service(settings), build_parts(settings, Rulebooks())[0]


app.add_typer(dead_letter_commands(_offline), name="dead-letters")


@app.command()
def serve() -> None:
    """Answer, show the desk, hear events and carry out what is due, until SIGTERM."""
    serve_app(build_app, load_settings(RoutingSettings))


@app.command()
def migrate() -> None:
    """Bring the schema to its newest revision, as the role that owns it."""
    from melder_common.migrations import migrate as run_migrations  # noqa: PLC0415 (Alembic takes 7 MB that serving does not need)

    settings = load_settings(RoutingSettings)
    owner = settings.owner_database_url
    password_file = (
        settings.owner_database_password_file if owner else settings.database_password_file
    )
    run_migrations(owner or settings.database_url, "melder_routing", password_file=password_file)
