"""Whether everything that intake has said has arrived here: asked of its relay, not guessed."""

from typing import Protocol

from sqlalchemy import func, select

from melder_common.transport import LogEnds
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

SPEAKER = "intake"


class AsksEnds(Protocol):
    """The part of the transport that is needed here."""

    async def ask_ends(self, speaker: str, partition: int, cursor: int) -> LogEnds | None:
        """The ends of a log, or None when nobody answers."""


class Arrivals:
    """Compares this service's cursors with the heads of intake's logs.

    ``transport`` comes with the start of the service; before that nothing is known.
    """

    def __init__(self) -> None:
        self.transport: AsksEnds | None = None

    async def are_complete(self, units: UnitsOfWork) -> bool:
        """Whether nothing of intake's is still on its way; False when that cannot be known."""
        async with units.begin() as unit:
            cursors, letters = await _cursors(unit), await _count_letters(unit)
        if self.transport is None or letters:
            return False
        for partition in range(1, units.partitions + 1):
            position = cursors.get(partition, 0)
            ends = await self.transport.ask_ends(SPEAKER, partition, position)
            if ends is None or ends.head > position:
                return False
        return True


async def _cursors(unit: UnitOfWork) -> dict[int, int]:
    cursor = unit.tables.cursor
    rows = await unit.connection.execute(
        select(cursor.c.partition, cursor.c.position).where(cursor.c.speaker == SPEAKER)
    )
    return {row.partition: row.position for row in rows}


async def _count_letters(unit: UnitOfWork) -> int:
    letter = unit.tables.dead_letter
    query = select(func.count()).where(letter.c.speaker == SPEAKER)
    return int(await unit.connection.scalar(query) or 0)
