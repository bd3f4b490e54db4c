"""``melder explain``: why a place is decided as it is, every step of it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Annotated

import typer

from melder_common.geo import Coordinate, CoordinateRefused
from melder_common.settings import SettingsError
from melder_routing.domain.decision import Decision
from melder_routing.domain.trace import StepTrace
from melder_routing.operator_units import operator_units
from melder_routing.region_commands import operator
from melder_routing.store.rulebooks import RegionMissing, Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, UnknownCategory, explain_place

SHOWN = 12
"""Lines of one step about what did not match; ``--all`` shows the rest."""


@operator.command("explain")
def explain(
    *,
    lat: Annotated[float, typer.Option(help="latitude, WGS 84")],
    long: Annotated[float, typer.Option(help="longitude, WGS 84")],
    category: Annotated[str | None, typer.Option(help="slug of a category")] = None,
    accuracy: Annotated[float | None, typer.Option(help="radius in metres")] = None,
    asset: Annotated[str | None, typer.Option(help="number on the asset")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day that counts")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="show every line")] = False,
) -> None:
    """Say who is responsible for a place, and in every step what matched, what did not and why."""
    try:
        place = PlaceToDecide(
            Coordinate(lat, long), category, _moment(on), accuracy, asset_id=asset
        )
        decision, steps = asyncio.run(_explain(place))
    except (CoordinateRefused, RegionMissing, UnknownCategory, SettingsError, ValueError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    for line in tell_steps(decision, steps, shown=None if everything else SHOWN):
        typer.echo(line)


def tell_steps(
    decision: Decision, steps: tuple[StepTrace, ...], *, shown: int | None
) -> Iterator[str]:
    """The explanation for people; ``shown`` limits the lines about what did not match."""
    for step in steps:
        decided = " <- decides" if step.rule is decision.rule else ""
        yield f"{step.number}. {step.rule.value}{decided}"
        yield from (f"     + {line}" for line in step.matched)
        missed = step.missed[:shown]
        yield from (f"     - {line}" for line in missed)
        if len(missed) < len(step.missed):
            yield f"     … and {len(step.missed) - len(missed)} more that did not match (--all)"
    yield ""
    yield from _result(decision)


def _result(decision: Decision) -> Iterator[str]:
    for name, body in (
        ("responsible", decision.responsible),
        ("working", decision.working),
        ("only named", decision.serving),
    ):
        if body is not None:
            yield f"{name}: {body.name} ({body.slug})"
    for name, bodies in (("candidates", decision.candidates), ("informed", decision.informed)):
        if bodies:
            yield f"{name}: {', '.join(body.slug for body in bodies)}"
    flags = [flag for flag in ("border", "snapped") if getattr(decision, flag)]
    yield f"status: {decision.status.value}{''.join(f', {flag}' for flag in flags)}"
    yield f"queue: {decision.queue or 'none: nothing is stored'}"
    yield f"made from: {decision.boundary_version}"
    yield decision.reason["de"]


def _moment(day: datetime | None) -> datetime:
    return datetime.combine(day, time(12), UTC) if day else datetime.now(UTC)


async def _explain(place: PlaceToDecide) -> tuple[Decision, tuple[StepTrace, ...]]:
    async with operator_units() as units, units.engine.connect() as connection:
        return await explain_place(connection, place, Rulebooks())
