"""Places with the answer a clerk would expect; those that need the country: ``check_germany.py``."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.unit_of_work import UnitOfWork
from melder_routing.store.rulebooks import Rulebooks

from .demo_boundaries import unit
from .golden import GOLDEN, facts_of, load_golden

__all__ = ["unit"]

pytestmark = pytest.mark.integration

REGISTERS = """
INSERT INTO routing.road_segment (source, name, road_class, in_town, geom)
SELECT 'golden', name, road_class, in_town, ST_SetSRID(ST_GeomFromText(wkt), 4326)
FROM jsonb_to_recordset(CAST(:roads AS jsonb))
     AS road (name text, road_class text, in_town boolean, wkt text)
"""
ASSETS = """
INSERT INTO routing.asset (id, type, source, geom, operator_id)
SELECT asset.id, asset.type, 'golden', ST_SetSRID(ST_MakePoint(lon, lat), 4326), body.id
FROM jsonb_to_recordset(CAST(:assets AS jsonb))
     AS asset (id text, type text, lon float8, lat float8, operator text)
JOIN routing.body ON body.slug = asset.operator
"""


@pytest.fixture
async def with_registers(unit: UnitOfWork) -> AsyncConnection:
    """The demo region with the roads and assets of the data file, taken back after the test."""
    data = json.loads(GOLDEN.read_text(encoding="utf-8"))
    given = {"roads": json.dumps(data["roads"]), "assets": json.dumps(data["assets"])}
    await unit.connection.execute(text(REGISTERS), {"roads": given["roads"]})
    await unit.connection.execute(text(ASSETS), {"assets": given["assets"]})
    return unit.connection


@pytest.mark.parametrize("case", load_golden("demo"), ids=lambda case: case["name"])
async def test_a_place_gets_the_body_a_clerk_would_expect(
    with_registers: AsyncConnection, case: dict[str, Any]
) -> None:
    found = await facts_of(with_registers, case, Rulebooks())
    assert {name: found[name] for name in case["expected"]} == case["expected"], case["why"]
