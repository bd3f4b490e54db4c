"""The areas of the demo region, changed and written as files, and a unit of work that is taken back."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from melder_common.database import make_engine
from melder_common.geo import Coordinate
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.decision import Decision
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

DEMO = Path(__file__).parents[4] / "infra/demo"
TODAY = date(2026, 11, 23)
NEW_YEAR = date(2027, 1, 1)
ROGGENTIN, BRODERSTORF = "130725253087", "130725253019"
Areas = dict[str, tuple[str, BaseGeometry]]
"""Key → name and polygon."""


@pytest.fixture
async def unit(demo_database: str, postgres: PostgresCluster) -> AsyncIterator[UnitOfWork]:
    """A unit of work on the demo region that is taken back after the test."""
    engine = make_engine(
        postgres.url(demo_database, "routing_worker"), application_name="test", pool_size=1
    )
    async with engine.connect() as connection:
        yield UnitOfWork(
            connection,
            tables=EVENT_TABLES,
            speaker="routing",
            partitions=4,
            now=datetime(2026, 11, 23, 12, tzinfo=UTC),
        )
        await connection.rollback()
    await engine.dispose()


def demo_areas(name: str = "gemeinden") -> Areas:
    collection = json.loads((DEMO / f"boundaries/{name}.geojson").read_text(encoding="utf-8"))
    return {
        feature["properties"]["ARS"]: (feature["properties"]["GEN"], shape(feature["geometry"]))
        for feature in collection["features"]
    }


def write(file: Path, areas: Areas, **changes: Any) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"ARS": key, "GEN": name},
            "geometry": mapping(area) if area else None,
        }
        for key, (name, area) in areas.items()
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features, **changes}))
    return file


def merged() -> Areas:
    """Roggentin joins Broderstorf, and the new Gemeinde has another name."""
    areas = demo_areas()
    _, gone = areas.pop(ROGGENTIN)
    areas[BRODERSTORF] = ("Neu Broderstorf", shapely.union(areas[BRODERSTORF][1], gone))
    return areas


async def rows(unit: UnitOfWork, table: str, where: str = "true") -> int:
    query = text(f"SELECT count(*) FROM routing.{table} WHERE {where}")
    return int(await unit.connection.scalar(query) or 0)


async def decided(unit: UnitOfWork, point: shapely.Point, day: date) -> Decision:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    place = PlaceToDecide(Coordinate(point.y, point.x), "light-broken", noon)
    _, (decision,) = await decide_places(unit.connection, [place], Rulebooks())
    return decision


async def responsible(unit: UnitOfWork, point: shapely.Point, day: date) -> str | None:
    body = (await decided(unit, point, day)).responsible
    return body.slug if body else None


GRID: Areas = {
    f"13072990{n:04d}": (f"Ort {n}", shapely.box(12 + n % 2 * 0.1, 54 + n // 2 * 0.1, 12.1 + n % 2 * 0.1, 54.1 + n // 2 * 0.1))
    for n in range(4)
}  # fmt: skip
