"""``melder simulate``: what a draft of rules or boundaries would send elsewhere."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from melder_common.settings import SettingsError
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.operator_units import operator_units, require_geometry_tools
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.boundary_imports import BoundariesOutOfOrder
from melder_routing.store.region_geometry import BoundaryVersionChanged, EmptyArea
from melder_routing.store.rulebooks import RegionMissing
from melder_routing.use_cases.decide_places import LOCAL_TIME

if TYPE_CHECKING:
    from melder_routing.domain.simulation import Simulation
    from melder_routing.use_cases.simulate_changes import Draft

REFUSALS = (
    RegionRefused,
    RegionMissing,
    BoundaryFileRefused,
    BoundaryVersionChanged,
    BoundariesOutOfOrder,
    EmptyArea,
    SettingsError,
)
MOST_REPORTS = 100_000


def simulate(
    *,
    region: Annotated[Path | None, typer.Option(help="draft of the region file")] = None,
    boundaries: Annotated[Path | None, typer.Option(help="draft of a boundary file")] = None,
    source: Annotated[str | None, typer.Option(help="the source the boundaries continue")] = None,
    layer: Annotated[str | None, typer.Option(help="kind of area, e.g. gemeinde")] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="first day of the boundaries (default: today)"),
    ] = None,
    key: Annotated[str | None, typer.Option(help="property with the regional key")] = None,
    name: Annotated[str, typer.Option(help="property with the name")] = "GEN",
    crs: Annotated[str | None, typer.Option(help="overrides what the file says")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only reports since this day")
    ] = None,
    limit: Annotated[int, typer.Option(help="the newest so many reports", min=1)] = MOST_REPORTS,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="write what would move as GeoJSON")
    ] = None,
    language: Annotated[str, typer.Option(help="de or en")] = "de",
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Replay stored reports against a draft and list what would go elsewhere; write nothing."""
    require_geometry_tools()
    # GDAL, Shapely and NumPy cost 60 MB that serving does not need.
    from melder_routing.use_cases import simulate_changes as use_case  # noqa: PLC0415 (see above)
    from melder_routing.use_cases.import_boundaries import Wishes  # noqa: PLC0415 (see above)

    first_day = valid_from.date() if valid_from else None
    wishes = Wishes(key=key, name=name, crs=crs, source=source, layer=layer, valid_from=first_day)
    start = since.replace(tzinfo=LOCAL_TIME) if since else None
    draft = use_case.Draft(region, boundaries, wishes)
    try:
        result = asyncio.run(_simulate(draft, start, limit))
    except (*REFUSALS, use_case.NothingToSimulate) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    if map_file is not None:
        map_file.write_bytes(orjson.dumps(result.as_geojson(), option=orjson.OPT_INDENT_2))
    if as_json:
        typer.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
        return
    for line in result.lines(language):
        typer.echo(line)


async def _simulate(draft: "Draft", since: datetime | None, limit: int) -> "Simulation":
    from melder_routing.use_cases.simulate_changes import simulate_changes  # noqa: PLC0415 (GDAL)

    now = datetime.now(UTC)
    async with operator_units() as units, units.engine.connect() as connection:
        unit = UnitOfWork(
            connection,
            tables=units.tables,
            speaker=units.speaker,
            partitions=units.partitions,
            now=now,
        )
        try:
            today = now.astimezone(LOCAL_TIME).date()
            return await simulate_changes(unit, draft, since=since, limit=limit, today=today)
        finally:
            await connection.rollback()
