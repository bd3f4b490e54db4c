"""A boundary file inside the database, transformed and repaired, before anybody decides to keep it.

The table lives as long as the transaction: a dry run leaves nothing behind.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84
from melder_routing.domain.boundary_areas import DraftArea
from melder_routing.domain.region_areas import Feature
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.region_geometry import area_sql, degrees_sql

CHUNK_BYTES = 4_000_000


_FORGET = text("DROP TABLE IF EXISTS pg_temp.draft_area")

_TABLE = text(
    f"""
    CREATE TEMPORARY TABLE draft_area (
        number integer PRIMARY KEY, key text, name text, digest text, reason text,
        geom geometry(MultiPolygon, {WGS84})
    ) ON COMMIT DROP
    """
)

_PATIENCE = text("SET LOCAL idle_in_transaction_session_timeout = 0")
"""Comparing a whole country takes longer than a service may keep a transaction idle."""

_FILL = text(
    f"""
    INSERT INTO draft_area
    SELECT number, key, name, digest,
           CASE WHEN NOT ST_IsValid(degrees) THEN ST_IsValidReason(degrees) END,
           {area_sql("degrees")}
    FROM (
        SELECT *, {degrees_sql("wkb", "crs")} AS degrees
        FROM unnest(CAST(:numbers AS int[]), CAST(:keys AS text[]), CAST(:names AS text[]),
                    CAST(:digests AS text[]), CAST(:wkbs AS bytea[]), CAST(:crss AS text[]))
             AS feature (number, key, name, digest, wkb, crs)
        OFFSET 0
    ) AS given
    """
)

_DRAFT = text("SELECT key, name, digest, reason, ST_AsBinary(geom) FROM draft_area ORDER BY number")


async def put_draft(connection: AsyncConnection, features: Sequence[Feature]) -> None:
    """Bring ``features`` in. Raises BoundaryFileRefused when they cannot be transformed."""
    await connection.execute(_PATIENCE)
    await connection.execute(_FORGET)
    await connection.execute(_TABLE)
    for start, some in _chunks(features):
        given = {
            "numbers": list(range(start, start + len(some))),
            "keys": [feature.key for feature in some],
            "names": [feature.name for feature in some],
            "digests": [feature.digest for feature in some],
            "wkbs": [feature.wkb for feature in some],
            "crss": [feature.crs for feature in some],
        }
        try:
            await connection.execute(_FILL, given)
        except DBAPIError as error:
            crs = some[0].crs
            raise BoundaryFileRefused(
                f"the coordinates cannot be transformed from {crs[:80]} "
                f"({str(error.orig).splitlines()[0]}); correct the file, or set crs"
            ) from error


async def find_draft(connection: AsyncConnection) -> list[DraftArea]:
    """What was brought in, in the order of the file."""
    rows = await connection.execute(_DRAFT)
    return [DraftArea(*row) for row in rows]


def _chunks(features: Sequence[Feature]) -> Iterator[tuple[int, Sequence[Feature]]]:
    """Pieces small enough for one statement, whatever the size of single areas."""
    start, size = 0, 0
    for number, feature in enumerate(features):
        size += len(feature.wkb)
        if size >= CHUNK_BYTES:
            yield start, features[start : number + 1]
            start, size = number + 1, 0
    if start < len(features):
        yield start, features[start:]
