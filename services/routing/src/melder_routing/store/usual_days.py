"""How long a category usually takes, from the cases that were resolved last."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LAST = 50
"""So many cases show today's pace, not that of years ago."""

FEWEST = 5
"""Fewer cases say nothing, and could point to a single one."""

_MEDIANS = text("""
    SELECT asked.category, percentile_cont(0.5) WITHIN GROUP (ORDER BY last.days) AS days
    FROM unnest(CAST(:categories AS text[])) AS asked (category)
    CROSS JOIN LATERAL (
        SELECT extract(epoch FROM closed_at - submitted_at)::float8 / 86400 AS days
        FROM routing."case"
        WHERE category = asked.category AND state = 'resolved'
        ORDER BY closed_at DESC
        LIMIT :last
    ) AS last
    GROUP BY asked.category
    HAVING count(*) >= :fewest
""")


async def list_usual_days(
    connection: AsyncConnection, categories: Iterable[str]
) -> dict[str, float]:
    """The median days from report to resolution by category; none where too few are known."""
    values = {"categories": sorted(categories), "last": LAST, "fewest": FEWEST}
    rows = await connection.execute(_MEDIANS, values)
    return {row.category: round(row.days, 1) for row in rows}
