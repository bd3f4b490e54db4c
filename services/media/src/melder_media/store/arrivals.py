"""Whether everything that intake has said has arrived here: asked of its relay, not guessed."""

from typing import Protocol

from melder_common.transport import LogEnds
from melder_common.unit_of_work import UnitsOfWork
from sqlalchemy import select

SPEAKER = "intake"


class AsksEnds(Protocol):
    """The part of the transport that is needed here."""

    async def ask_ends(self, speaker: str, partition: int, cursor: int) -> LogEnds | None:
        """The ends of a log, or None when nobody answers."""


class Arrivals:
    """Compares this service's cursors with the heads of intake's logs."""

    def __init__(self, transport: AsksEnds) -> None:
        self._transport = transport

    async def are_complete(self, units: UnitsOfWork) -> bool:
        """Whether nothing of intake's is still on its way; False when that cannot be known."""
        cursors = await self._cursors(units)
        for partition in range(1, units.partitions + 1):
            position = cursors.get(partition, 0)
            ends = await self._transport.ask_ends(SPEAKER, partition, position)
            if ends is None or ends.head > position:
                return False
        return True

    async def _cursors(self, units: UnitsOfWork) -> dict[int, int]:
        cursor = units.tables.cursor
        async with units.begin() as unit:
            rows = await unit.connection.execute(
                select(cursor.c.partition, cursor.c.position).where(cursor.c.speaker == SPEAKER)
            )
            return {row.partition: row.position for row in rows}
