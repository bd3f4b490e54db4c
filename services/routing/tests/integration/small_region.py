"""A small region in files, applied to an empty database: what the tests of ``melder apply`` share."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from melder_common.database import make_engine
from melder_common.event_values import Place
from melder_common.events import ReportSubmitted
from melder_common.geo import Coordinate
from melder_common.ids import new_id
from melder_common.testing.plugin import ServiceDatabase
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import Applied, apply_region
from melder_routing.use_cases.read_region import read_passwords, read_region
from melder_routing.use_cases.route_reports import route_reports

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN_EAST = Coordinate(54.05, 12.15)
REGION = """\
version: 1
region:
  slug: klein
  name: Kleinregion
  jurisdiction_id: klein.example
  contact: Rathaus, Telefon 115
  emergency: Notruf 112
  margin_m: 500
  outline: [{boundaries: orte}]
  excluded: [{boundaries: fremd}]
  clearing: {queue: klaerung, body: west, deputy: ost}
boundaries:
  - {id: orte, file: orte.geojson, version: orte-1, layer: gemeinde, attribution: wir}
  - {id: fremd, file: fremd.geojson, version: orte-1, layer: fremd, attribution: wir}
bodies:
  - {slug: west, name: Gemeinde West, place_name: West, kind: gemeinde, ars: "130720001001"}
  - {slug: ost, name: Gemeinde Ost, place_name: Ost, kind: gemeinde, ars: "130720002002"}
groups: {strasse: Straße, abfall: Abfall}
categories:
  - {slug: pothole, name: Schlagloch, group: strasse}
  - {slug: rubbish, name: Müll, group: abfall, policy: {text: never}}
competences:
  - {body: west, group: abfall, area: everywhere}
queues:
  - {slug: klaerung, name: Klärung}
  - {slug: west, name: West, serves: [west]}
  - {slug: ost, name: Ost, serves: [ost]}
clerks:
  - {user: o@klein.example, name: O, body: ost, queues: [ost], password_file: clerks/ost}
"""


def square(west: float, south: float, size: float, **properties: str) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_features(file: Path, *features: dict[str, Any]) -> None:
    collection = {"type": "FeatureCollection", "features": list(features)}
    file.write_text(json.dumps(collection), encoding="utf-8")


class Files:
    """A small region in a directory: two squares side by side, a foreign one within the east."""

    def __init__(self, directory: Path) -> None:
        self.passwords = directory / "secrets"
        self.region = directory / "region.yaml"
        self.region.write_text(REGION, encoding="utf-8")
        self.boundaries = directory / "orte.geojson"
        write_features(
            self.boundaries,
            square(12.0, 54.0, 0.1, ARS="130720001001", GEN="West"),
            square(12.1, 54.0, 0.1, ARS="130720002002", GEN="Ost"),
        )
        foreign = square(12.16, 54.06, 0.02, ARS="", GEN="Ausland")
        write_features(directory / "fremd.geojson", foreign)

    def change(self, before: str, after: str) -> None:
        content = self.region.read_text(encoding="utf-8")
        assert before in content
        self.region.write_text(content.replace(before, after), encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
async def units(service_database: ServiceDatabase) -> AsyncIterator[UnitsOfWork]:
    url = await service_database("routing", role="routing_worker")
    engine = make_engine(url, application_name="test", pool_size=4)
    yield UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    await engine.dispose()


async def apply(units: UnitsOfWork, files: Files) -> Applied:
    prepared = read_region(files.region)
    clerks = read_passwords(prepared.region, files.passwords)
    async with units.begin() as unit:
        return await apply_region(unit, prepared, clerks)


async def fetch(units: UnitsOfWork, sql: str) -> list[Any]:
    async with units.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(sql))]


async def said(units: UnitsOfWork) -> list[dict[str, Any]]:
    rows = await fetch(units, "SELECT envelope FROM routing.outbox ORDER BY id")
    return [json.loads(envelope) for (envelope,) in rows]


async def route(units: UnitsOfWork, category: str = "pothole") -> UUID:
    report = ReportSubmitted(
        report_id=new_id(),
        number="K7M4Q2X8",
        source="web",
        category=category,
        place=Place(lat=IN_EAST.lat, long=IN_EAST.long),
        description="Ein Loch.",
        submitted_at=NOON,
    )
    async with units.begin() as unit:
        await route_reports(unit, [report], Rulebooks())
    return report.report_id
