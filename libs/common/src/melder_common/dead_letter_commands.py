"""``melder-<service> dead-letters``: events that could not be applied; replay or skip them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from melder_common import dead_letters
from melder_common.service import Service

Parts = TypeVar("Parts")
LetterId = Annotated[int, typer.Argument(help="the number that list shows")]


def dead_letter_commands(build: Callable[[], tuple[Service[Parts], Parts]]) -> typer.Typer:
    """The commands of a service; ``build`` gives its runtime, not connected, and its parts."""
    commands = typer.Typer(help="Events that could not be applied.", no_args_is_help=True)

    @commands.command("list")
    def show() -> None:
        """Every letter that blocks an aggregate, and how many events wait behind it."""
        service, _ = build()
        letters = _run(service, dead_letters.list_letters(service.engine, service.tables))
        for letter in letters:
            typer.echo(
                f"{letter.id}  {letter.failed_at:%Y-%m-%d %H:%M:%S}  {letter.speaker}/"
                f"{letter.partition}@{letter.position}  {letter.name}  {letter.aggregate_id}  "
                f"{letter.behind} behind  {letter.reason}"
            )
        typer.echo(f"{len(letters)} dead letters")

    @commands.command()
    def replay(letter: LetterId) -> None:
        """Apply a letter and everything parked behind it, in one transaction."""
        service, parts = build()
        typer.echo(f"{_run(service, service.replay(parts, letter))} events applied")

    @commands.command()
    def skip(letter: LetterId) -> None:
        """Give a letter up for good and apply what is parked behind it."""
        service, parts = build()
        typer.echo(f"{_run(service, service.skip(parts, letter))} events applied")

    return commands


def _run(service: Service[Any], work: Awaitable[Any]) -> Any:
    async def run() -> Any:
        try:
            return await work
        except dead_letters.UnknownLetter as unknown:
            raise typer.BadParameter(str(unknown)) from unknown
        finally:
            await service.engine.dispose()

    return asyncio.run(run())
