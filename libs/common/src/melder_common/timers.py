"""What falls due: one table per service, and what a handler says about its timer.

A handler opens its own units of work and calls S3, SMTP or HTTP between them, never within. In its
last unit it calls ``settle`` (done) or ``postpone`` (again at another time). When it raises, it is
tried again with growing pauses; when its process dies, another one claims the timer: both are the
business of ``timer_runner``.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import BigInteger, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.tables import EventTables
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Parts = TypeVar("Parts")

_log = structlog.get_logger()


class LostClaim(Exception):
    """The timer was settled, moved or claimed by somebody else: this outcome must not count."""


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed timer. ``attempt`` counts from 1; ``fence`` proves the claim."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempt: int
    fence: int


TimerHandler = Callable[[Due, Parts, UnitsOfWork], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Together(Generic[Parts]):
    """A handler that carries out several timers of one kind at once, up to ``most``.

    It settles or postpones each of them. When it raises, they are carried out one by one, so that
    a bad one harms no other; it must bear seeing a timer again whose work it has done.
    """

    handle: Callable[[Sequence[Due], Parts, UnitsOfWork], Awaitable[None]]
    most: int = 20


AnyTimerHandler = TimerHandler[Parts] | Together[Parts]


async def settle(unit: UnitOfWork, due: Due) -> None:
    """Say that ``due`` is done. Raises LostClaim when somebody else has it by now."""
    table = unit.tables.due
    done = await unit.connection.execute(
        delete(table).where(table.c.id == due.id, table.c.fence == due.fence)
    )
    if done.rowcount != 1:
        raise LostClaim(f"{due.kind} {due.key}")


async def settle_together(unit: UnitOfWork, dues: Sequence[Due]) -> list[Due]:
    """Say that ``dues`` are done; returns those that nobody else has by now."""
    table = unit.tables.due
    held = (
        func.unnest(
            literal([due.id for due in dues], ARRAY(BigInteger)),
            literal([due.fence for due in dues], ARRAY(BigInteger)),
        )
        .table_valued("id", "fence")
        .render_derived("held")
    )
    done = await unit.connection.execute(
        delete(table)
        .where(table.c.id == held.c.id, table.c.fence == held.c.fence)
        .returning(table.c.id)
    )
    settled = set(done.scalars())
    for due in dues:
        if due.id not in settled:
            _log.info("timer_lost_claim", kind=due.kind, key=due.key)
    return [due for due in dues if due.id in settled]


async def postpone(
    unit: UnitOfWork,
    due: Due,
    at: datetime,
    error: str | None = None,
    *,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Let ``due`` fall due again at ``at``, as a first attempt unless ``error`` names a failure.

    ``error`` is kept with the row: no personal data. ``payload`` replaces the old one. Raises
    LostClaim as ``settle`` does.
    """
    table = unit.tables.due
    row: dict[str, Any] = {
        "at": at,
        "claimed_by": None,
        "claimed_until": None,
        "fence": table.c.fence + 1,
        "last_error": error,
    }
    if error is None:
        row["attempt"] = 0
    if payload is not None:
        row["payload"] = dict(payload)
    moved = await unit.connection.execute(
        update(table).where(table.c.id == due.id, table.c.fence == due.fence).values(row)
    )
    if moved.rowcount != 1:
        raise LostClaim(f"{due.kind} {due.key}")


async def count_overdue(
    engine: AsyncEngine, tables: EventTables, *, now: datetime, grace: timedelta
) -> int:
    """How many timers should have been carried out more than ``grace`` ago."""
    statement = select(func.count()).where(tables.due.c.at < now - grace)
    async with engine.connect() as connection:
        return int(await connection.scalar(statement) or 0)
