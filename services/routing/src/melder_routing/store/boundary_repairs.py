"""Trying the repair that an import makes, without writing anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.region_areas import Feature
from melder_routing.store.region_geometry import area_sql


@dataclass(frozen=True, slots=True)
class Repair:
    """A feature after repair: its parts and holes, and why it was invalid before (or not)."""

    key: str
    name: str
    reason: str | None
    parts: int
    holes: int


_REPAIRS = text(
    f"""
    WITH given AS (
        SELECT n, key, name, ST_GeomFromWKB(wkb) AS original, {area_sql("wkb", "crs")} AS repaired
        FROM unnest(CAST(:keys AS text[]), CAST(:names AS text[]),
                    CAST(:wkbs AS bytea[]), CAST(:crss AS text[]))
             WITH ORDINALITY AS feature (key, name, wkb, crs, n)
    )
    SELECT key, name,
           CASE WHEN NOT ST_IsValid(original) THEN ST_IsValidReason(original) END AS reason,
           ST_NumGeometries(repaired) AS parts,
           coalesce(ST_NRings(repaired), 0) - ST_NumGeometries(repaired) AS holes
    FROM given ORDER BY n
    """
)


async def find_repairs(connection: AsyncConnection, features: Sequence[Feature]) -> list[Repair]:
    """What repairing each of ``features`` gives, in their order."""
    rows = await connection.execute(
        _REPAIRS,
        {
            "keys": [feature.key for feature in features],
            "names": [feature.name for feature in features],
            "wkbs": [feature.wkb for feature in features],
            "crss": [feature.crs for feature in features],
        },
    )
    return [Repair(*row) for row in rows]
