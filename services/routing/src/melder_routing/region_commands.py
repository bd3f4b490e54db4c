"""``melder apply`` and ``melder boundaries``: what the IT team does with a region."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from melder_common.settings import SettingsError
from melder_routing.boundary_commands import boundaries
from melder_routing.domain.prepared_region import PreparedRegion
from melder_routing.domain.region_clerk import RegionClerk
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.domain.region_plan import Plan
from melder_routing.operator_units import operator_units
from melder_routing.simulate_command import simulate
from melder_routing.store.agreements import NoCommonBorder
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.region_geometry import BoundaryVersionChanged, EmptyArea
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import Applied, apply_region, plan_region
from melder_routing.use_cases.read_region import read_passwords, read_region
from melder_routing.use_cases.reroute_cases import find_reroutings

operator = typer.Typer(no_args_is_help=True)
operator.add_typer(boundaries, name="boundaries")
operator.command("simulate")(simulate)

REFUSALS = (
    RegionRefused,
    BoundaryFileRefused,
    BoundaryVersionChanged,
    EmptyArea,
    NoCommonBorder,
    SettingsError,
)
DECIDING = ("region", "boundaries", "body", "area", "category", "competence", "agreement", "queue")
"""Kinds of entries that a decision depends on."""
SHOWN_PER_KIND = 8
_SIGNS = {"added": "+", "changed": "~", "removed": "-"}


@operator.command("apply")
def apply_file(
    file: Annotated[Path, typer.Argument(help="the region file")],
    *,
    plan: Annotated[bool, typer.Option("--plan", help="only show what would change")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="apply without asking")] = False,
    secrets: Annotated[
        Path | None, typer.Option(help="where password files lie (default: beside the file)")
    ] = None,
    generate_passwords: Annotated[
        bool, typer.Option("--generate-passwords", help="make up missing password files")
    ] = False,
    republish: Annotated[
        bool, typer.Option("--republish", help="tell the catalogue again even if it is the same")
    ] = False,
) -> None:
    """Bring a region file in: show the plan, ask, then apply all of it or nothing."""
    try:
        bring_in(
            file,
            plan=plan,
            yes=yes,
            secrets=secrets,
            generate_passwords=generate_passwords,
            republish=republish,
        )
    except REFUSALS as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None


def bring_in(
    file: Path,
    *,
    plan: bool = False,
    yes: bool = False,
    secrets: Path | None = None,
    generate_passwords: bool = False,
    republish: bool = False,
) -> None:
    """Show the plan, ask, apply, tell. Raises what ``REFUSALS`` lists; then nothing was changed."""
    directory = secrets or file.parent
    must_exist = None if plan or generate_passwords else directory
    prepared = read_region(file, passwords_in=must_exist)
    planned = asyncio.run(_plan(prepared))
    _show(planned)
    if plan:
        return
    if planned.changes and not yes:
        typer.confirm("Apply these changes?", abort=True)
    clerks = read_passwords(prepared.region, directory)
    _tell(asyncio.run(_apply(prepared, clerks, republish=republish)))


def _show(plan: Plan) -> None:
    if not plan.changes:
        typer.echo("The region is applied already; nothing changes.")
    for kind in dict.fromkeys(change.kind for change in plan.changes):
        changes = [change for change in plan.changes if change.kind == kind]
        counted = {verb: sum(c.verb == verb for c in changes) for verb in _SIGNS}
        words = ", ".join(f"{number} {verb}" for verb, number in counted.items() if number)
        typer.echo(f"{kind}: {words}")
        for change in changes[:SHOWN_PER_KIND]:
            typer.echo(f"  {_SIGNS[change.verb]} {change.name}")
        if len(changes) > SHOWN_PER_KIND:
            typer.echo(f"  … and {len(changes) - SHOWN_PER_KIND} more")
    for one in plan.ended:
        typer.echo(
            f"{one.old} has ended on {one.on}, {one.heir} stands in its place: "
            f"name {one.heir} in the file instead, with the areas it has now."
        )


def _tell(applied: Applied) -> None:
    if applied.plan.changes:
        typer.echo("Applied.")
    if applied.plan.touches(*DECIDING) and (elsewhere := asyncio.run(_count_reroutings())):
        typer.echo(f"{elsewhere} open cases would go elsewhere now: see melder reroute --plan.")
    if applied.catalogue_version is not None:
        typer.echo(f"Published catalogue version {applied.catalogue_version}.")


async def _count_reroutings() -> int:
    async with operator_units() as units, units.engine.connect() as connection:
        return len(await find_reroutings(connection, Rulebooks()))


async def _plan(prepared: PreparedRegion) -> Plan:
    async with operator_units() as units, units.engine.connect() as connection:
        return await plan_region(connection, prepared)


async def _apply(
    prepared: PreparedRegion, clerks: Sequence[RegionClerk], *, republish: bool
) -> Applied:
    async with operator_units() as units, units.begin() as unit:
        return await apply_region(unit, prepared, clerks, republish=republish)
