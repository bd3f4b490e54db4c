"""How long a category usually takes, from the cases that were resolved last."""

from collections.abc import Iterable

from sqlalchemy import Float, cast, func, select, true, values
from sqlalchemy import column as sql_column
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from melder_routing.store.case_tables import case

LAST = 50
"""So many cases show today's pace, not that of years ago."""

FEWEST = 5
"""Fewer cases say nothing, and could point to a single one."""

_DAY_S = 86_400.0


async def list_usual_days(
    connection: AsyncConnection, categories: Iterable[str]
) -> dict[str, float]:
    """The median days from report to resolution by category; none where too few are known."""
    asked = values(sql_column("category", Text), name="asked").data(
        [(slug,) for slug in categories]
    )
    days = cast(func.extract("epoch", case.c.closed_at - case.c.submitted_at), Float) / _DAY_S
    last = (
        select(days.label("days"))
        .where(case.c.category == asked.c.category, case.c.state == "resolved")
        .order_by(case.c.closed_at.desc())
        .limit(LAST)
        .lateral("last")
    )
    median = func.percentile_cont(0.5).within_group(last.c.days)
    chosen = (
        select(asked.c.category, median.label("days"))
        .select_from(asked.join(last, true()))
        .group_by(asked.c.category)
        .having(func.count() >= FEWEST)
    )
    return {row.category: round(row.days, 1) for row in await connection.execute(chosen)}
