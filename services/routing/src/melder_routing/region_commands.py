"""``melder apply`` and ``melder boundaries``: what the IT team does with a region."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from melder_common.database import make_engine
from melder_common.settings import SettingsError, load_settings
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.domain.prepared_region import PreparedRegion
from melder_routing.domain.region_clerk import RegionClerk
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.domain.region_plan import Plan
from melder_routing.settings import RoutingSettings
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.region_geometry import BoundaryVersionChanged, EmptyArea
from melder_routing.use_cases.apply_region import Applied, apply_region, plan_region
from melder_routing.use_cases.check_boundaries import BoundaryReport, check_boundaries
from melder_routing.use_cases.read_region import read_passwords, read_region

operator = typer.Typer(no_args_is_help=True)
boundaries = typer.Typer(no_args_is_help=True, help="Boundary files.")
operator.add_typer(boundaries, name="boundaries")

REFUSALS = (
    RegionRefused,
    BoundaryFileRefused,
    BoundaryVersionChanged,
    EmptyArea,
    SettingsError,
)
SHOWN_PER_KIND = 8
PATIENCE_S = 900.0
"""Uniting and buffering the outline of a whole country takes minutes."""
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
    except REFUSALS as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None


@boundaries.command("import")
def import_boundaries(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage or Shapefile, any CRS")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read and check only")] = False,
    key: Annotated[str, typer.Option(help="property with the regional key")] = "ARS",
    name: Annotated[str, typer.Option(help="property with the name")] = "GEN",
    crs: Annotated[str | None, typer.Option(help="overrides what the file says")] = None,
) -> None:
    """Say what a boundary file holds and what has to be repaired in it."""
    try:
        report = asyncio.run(_check(file, key, name, crs))
    except REFUSALS as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    for line in report.lines():
        typer.echo(line)
    if not dry_run:
        typer.echo("Nothing was written: name the file under boundaries: and run melder apply.")
        raise typer.Exit(2)


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


def _tell(applied: Applied) -> None:
    if applied.plan.changes:
        typer.echo("Applied.")
    if applied.catalogue_version is not None:
        typer.echo(f"Published catalogue version {applied.catalogue_version}.")


async def _plan(prepared: PreparedRegion) -> Plan:
    async with _units() as units, units.engine.connect() as connection:
        return await plan_region(connection, prepared)


async def _apply(
    prepared: PreparedRegion, clerks: Sequence[RegionClerk], *, republish: bool
) -> Applied:
    async with _units() as units, units.begin() as unit:
        return await apply_region(unit, prepared, clerks, republish=republish)


async def _check(file: Path, key: str, name: str, crs: str | None) -> BoundaryReport:
    async with _units() as units, units.engine.connect() as connection:
        return await check_boundaries(connection, file, key=key, name=name, crs=crs)


@asynccontextmanager
async def _units() -> AsyncIterator[UnitsOfWork]:
    settings = load_settings(RoutingSettings)
    engine = make_engine(
        settings.database_url,
        password_file=settings.database_password_file,
        application_name="melder apply",
        pool_size=1,
        command_timeout_s=PATIENCE_S,
    )
    try:
        yield UnitsOfWork(
            engine, tables=EVENT_TABLES, speaker="routing", partitions=settings.partitions
        )
    finally:
        await engine.dispose()
