"""Events that could not be applied, and what waits behind them.

A dead letter keeps the event, and where it failed. Later events of the same aggregate are parked
behind it (``parked`` = 1), so that nothing is applied out of order. ``replay`` applies the letter
and everything behind it in one unit; ``skip`` gives the letter up and replays the rest. Both lock
the log's cursor row first, as the consumer does: neither can slip past the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.envelope import open_envelope
from melder_common.events import Event
from melder_common.handlers import Handler, find_handlers
from melder_common.tables import EventTables
from melder_common.transport import Message
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Parts = TypeVar("Parts")

NOBODY = UUID(int=0)
"""The aggregate of an envelope that cannot even be read."""

_log = structlog.get_logger()


class UnknownLetter(LookupError):
    """There is no such dead letter (any more)."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter as an operator sees it; ``behind``: how many events are parked behind it."""

    id: int
    speaker: str
    partition: int
    position: int
    name: str
    aggregate_id: UUID
    reason: str
    failed_at: datetime
    behind: int


def aggregate_of(envelope: bytes) -> UUID:
    """The aggregate an envelope speaks of, read without trusting the rest."""
    try:
        return UUID(orjson.loads(envelope)["aggregate_id"])
    except (ValueError, KeyError, TypeError):
        return NOBODY


async def add_letters(
    unit: UnitOfWork,
    speaker: str,
    partition: int,
    messages: Sequence[Message],
    *,
    reason: str,
    parked: bool,
) -> None:
    """Keep ``messages`` as dead letters."""
    rows = [
        {
            "speaker": speaker,
            "partition": partition,
            "position": message.position,
            "aggregate_id": aggregate_of(message.envelope),
            "name": message.name,
            "envelope": message.envelope,
            "reason": reason,
            "parked": int(parked),
        }
        for message in messages
    ]
    await unit.connection.execute(insert(unit.tables.dead_letter), rows)


async def find_blocked(unit: UnitOfWork, speaker: str, aggregates: Iterable[UUID]) -> set[UUID]:
    """Those of ``aggregates`` whose events must be parked."""
    letter = unit.tables.dead_letter
    rows = await unit.connection.execute(
        select(letter.c.aggregate_id)
        .where(letter.c.speaker == speaker, letter.c.aggregate_id.in_(list(aggregates)))
        .distinct()
    )
    return set(rows.scalars())


async def has_letters(
    engine: AsyncEngine, tables: EventTables, speaker: str, partition: int
) -> bool:
    """Whether any aggregate of this log is blocked."""
    letter = tables.dead_letter
    found = select(letter.c.id).where(letter.c.speaker == speaker, letter.c.partition == partition)
    async with engine.connect() as connection:
        return bool(await connection.scalar(select(found.exists())))


async def list_letters(engine: AsyncEngine, tables: EventTables) -> list[DeadLetter]:
    """All letters that block an aggregate, oldest first."""
    letter = tables.dead_letter
    parked = letter.alias("parked")
    behind = (
        select(func.count())
        .where(
            parked.c.speaker == letter.c.speaker,
            parked.c.aggregate_id == letter.c.aggregate_id,
            parked.c.parked == 1,
        )
        .scalar_subquery()
    )
    statement = (
        select(
            letter.c.id,
            letter.c.speaker,
            letter.c.partition,
            letter.c.position,
            letter.c.name,
            letter.c.aggregate_id,
            letter.c.reason,
            letter.c.failed_at,
            behind,
        )
        .where(letter.c.parked == 0)
        .order_by(letter.c.id)
    )
    async with engine.connect() as connection:
        return [DeadLetter(*row) for row in await connection.execute(statement)]


async def replay(
    units: UnitsOfWork,
    subscriptions: Mapping[type[Event], Handler[Parts]],
    parts: Parts,
    letter_id: int,
) -> int:
    """Apply a letter and all parked behind it, in order, in one unit; returns how many.

    Raises UnknownLetter, or whatever the handler raises: then nothing has changed.
    """
    async with units.begin() as unit:
        return await _apply_letters(unit, subscriptions, parts, await _lock(unit, letter_id))


async def skip(
    units: UnitsOfWork,
    subscriptions: Mapping[type[Event], Handler[Parts]],
    parts: Parts,
    letter_id: int,
) -> int:
    """Give a letter up for good and apply what is parked behind it; returns how many were applied.

    When the next one fails too, it becomes the letter to replay or skip, and its failure is raised.
    """
    letter = units.tables.dead_letter
    async with units.begin() as unit:
        given_up, *rest = await _lock(unit, letter_id)
        await unit.connection.execute(delete(letter).where(letter.c.id == given_up.id))
        if rest:
            await unit.connection.execute(
                update(letter).where(letter.c.id == rest[0].id).values(parked=0)
            )
    _log.warning("dead_letter_skipped", name=given_up.name, position=given_up.position)
    return await replay(units, subscriptions, parts, rest[0].id) if rest else 0


async def _lock(unit: UnitOfWork, letter_id: int) -> Sequence[Row[Any]]:
    """The letter and what is parked behind it, with the log standing still."""
    letter, cursor = unit.tables.dead_letter, unit.tables.cursor
    found = await unit.connection.execute(
        select(letter.c.speaker, letter.c.partition, letter.c.aggregate_id).where(
            letter.c.id == letter_id, letter.c.parked == 0
        )
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownLetter(
            f"no dead letter {letter_id}: melder-<service> dead-letters list shows them"
        )
    await unit.connection.execute(
        select(cursor.c.position)
        .where(cursor.c.speaker == row.speaker, cursor.c.partition == row.partition)
        .with_for_update()
    )
    rows = await unit.connection.execute(
        select(letter)
        .where(letter.c.speaker == row.speaker, letter.c.aggregate_id == row.aggregate_id)
        .order_by(letter.c.position)
        .with_for_update()
    )
    letters = rows.all()
    if not letters or letters[0].id != letter_id:
        raise UnknownLetter(f"dead letter {letter_id} is gone")
    return letters


async def _apply_letters(
    unit: UnitOfWork,
    subscriptions: Mapping[type[Event], Handler[Parts]],
    parts: Parts,
    letters: Sequence[Row[Any]],
) -> int:
    handlers = find_handlers(subscriptions)
    for row in letters:
        handler = handlers.get(row.name)
        if handler is not None:
            heard = open_envelope(row.envelope, position=row.position)
            await handler(unit, [heard], parts)
    letter = unit.tables.dead_letter
    await unit.connection.execute(
        delete(letter).where(letter.c.id.in_([row.id for row in letters]))
    )
    return len(letters)
