"""The command line: ``melder-media serve``, ``migrate`` and ``dead-letters``."""

import typer

from melder_common.dead_letter_commands import dead_letter_commands
from melder_common.erasures import add_erase_again
from melder_common.service import Service
from melder_common.service import serve as serve_app
from melder_common.settings import load_settings
from melder_media.main import build_app, build_parts, build_service
from melder_media.parts import Parts
from melder_media.settings import MediaSettings
from melder_media.use_cases.delete_photo import erase_again

app = typer.Typer(help="The media service of melder.", no_args_is_help=True)
operator = typer.Typer()


def _offline() -> tuple[Service[Parts], Parts]:
    settings = load_settings(MediaSettings)
    return build_service(settings), build_parts(settings)


app.add_typer(dead_letter_commands(_offline), name="dead-letters")
add_erase_again(app, _offline, erase_again)


@app.command()
def serve() -> None:
    """Take and show photos, hear events and carry out what is due, until SIGTERM."""
    serve_app(build_app, load_settings(MediaSettings))


@app.command()
def migrate() -> None:
    """Bring the schema to its newest revision."""
    from melder_common.migrations import (  # noqa: PLC0415 (Alembic takes 7 MB that serving does not need)
        run_migrations,
    )

    run_migrations(load_settings(MediaSettings), "melder_media")
