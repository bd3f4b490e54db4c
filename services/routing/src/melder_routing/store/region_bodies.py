"""Bodies by the regional keys that areas may have, and the language they are written to in."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.store.region_tables import body

SPELLED_KEYS = """
    (SELECT body.id, body.slug, ars, removed_at FROM routing.body WHERE ars IS NOT NULL) AS body
    JOIN LATERAL (VALUES (ars, 1), (rpad(ars, 9, '0'), 2), (rpad(ars, 12, '0'), 2))
         AS spelled (key, rank)
      ON body.removed_at IS NULL AND length(spelled.key) >= length(ars)
"""
"""SQL (after FROM): each ``body`` with the keys its areas may be ``spelled`` with, best rank first.

A kreisfreie Stadt has the ARS of its Kreis, filled up with zeros, as Verband and as Gemeinde.
"""

_BY_KEY = text(
    f"""
    SELECT DISTINCT ON (spelled.key) spelled.key, body.slug FROM {SPELLED_KEYS}
    ORDER BY spelled.key, spelled.rank, body.slug
    """
)


async def find_bodies_by_key(connection: AsyncConnection) -> dict[str, str]:
    """Slugs by key; a body's own ARS before one filled up with zeros."""
    return {key: slug for key, slug in await connection.execute(_BY_KEY)}  # noqa: C416 (rows are no pairs to mypy)


async def find_language(connection: AsyncConnection, slug: str) -> str:
    """The first language of a body."""
    languages = await connection.scalar(select(body.c.languages).where(body.c.slug == slug))
    return str(languages[0]) if languages else "de"
