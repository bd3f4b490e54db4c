"""Who does what: named leases, shared out evenly among the living processes of a service.

Leases come in groups of equal weight, and each group is shared out by itself: the partitions of
the reports are the work, so no process may be left with housekeeping alone.

A lease is a row: holder, until, fence. Its fence grows whenever it changes hands, and everything
that only the holder may write checks it, so a holder that slept through its time can do no harm.

A lease that lies further ahead than one can last was written before the database's clock was set
back. It counts as run out; if its holder lives, he takes part again at his next turn.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from melder_common.tables import EventTables

HOUSEKEEPING: Final = "housekeeping"
MEMBER: Final = "member "


def log_lease(partition: int) -> str:
    """The lease for speaking and hearing one partition."""
    return f"log {partition}"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease in hand; ``fence`` proves it."""

    name: str
    holder: str
    fence: int


class Leases:
    """The leases of one process. ``holder`` must be unique to it, also after a restart.

    ``groups``: the names, in groups of equal weight.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        tables: EventTables,
        *,
        holder: str,
        groups: Sequence[Sequence[str]],
        ttl_s: float = 6.0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder = holder
        self.ttl_s = ttl_s
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tables = tables
        self._groups = [list(names) for names in groups]
        self._ticks = ticks
        self._held: dict[str, Lease] = {}
        self._good_until = 0.0

    @property
    def held(self) -> dict[str, Lease]:
        """The leases in hand by name; none once they may have run out."""
        return self._held if self._ticks() < self._good_until else {}

    async def prepare(self) -> None:
        """Make sure the rows exist."""
        async with self._engine.connect() as connection:
            await connection.execute(
                insert(self._tables.lease).on_conflict_do_nothing(),
                [{"name": name} for name in sorted(chain.from_iterable(self._groups))],
            )

    async def renew(self) -> dict[str, Lease]:
        """Renew what is held, take what is free up to a fair share; returns what is held now."""
        began = self._ticks()
        async with self._engine.connect() as connection:
            held = [
                lease for names in self._groups for lease in await self._share(connection, names)
            ]
        self._held = {lease.name: lease for lease in held}
        self._good_until = began + self.ttl_s
        return self._held

    async def _share(self, connection: AsyncConnection, names: Sequence[str]) -> Sequence[Lease]:
        arguments = {
            "names": names,
            "holder": self.holder,
            "member": MEMBER + self.holder,
            "ttl": timedelta(seconds=self.ttl_s),
            "longest": timedelta(seconds=2 * self.ttl_s),
        }
        rows = await connection.execute(text(_RENEW.format(s=self._tables.schema)), arguments)
        return [Lease(row.name, self.holder, row.fence) for row in rows]

    async def release(self) -> None:
        """Give everything back at once, so that others need not wait."""
        self._held = {}
        async with self._engine.connect() as connection:
            await connection.execute(
                text(_RELEASE.format(s=self._tables.schema)), {"holder": self.holder}
            )


_RENEW = """
WITH gone AS (
    DELETE FROM {s}.lease WHERE name LIKE 'member %' AND holder <> :holder
        AND until < now() - interval '1 hour'
), member AS (
    INSERT INTO {s}.lease (name, holder, until) VALUES (:member, :holder, now() + :ttl)
    ON CONFLICT (name) DO UPDATE SET until = excluded.until
), others AS (
    SELECT count(*) AS living FROM {s}.lease
    WHERE name LIKE 'member %' AND holder <> :holder
      AND until > now() AND until <= now() + :longest
), mine AS (
    SELECT name FROM {s}.lease
    WHERE name = ANY(CAST(:names AS text[]))
      AND (holder = :holder OR holder IS NULL OR until <= now() OR until > now() + :longest)
    ORDER BY holder IS NOT DISTINCT FROM :holder DESC, name
    LIMIT (SELECT ceil(cardinality(CAST(:names AS text[]))::numeric / (living + 1)) FROM others)
    FOR UPDATE SKIP LOCKED
), surplus AS (
    UPDATE {s}.lease SET holder = NULL, until = now()
    WHERE holder = :holder AND name = ANY(CAST(:names AS text[]))
      AND name NOT IN (SELECT name FROM mine) AND EXISTS (SELECT FROM mine)
)
UPDATE {s}.lease AS lease
SET holder = :holder, until = now() + :ttl,
    fence = fence + (lease.holder IS DISTINCT FROM :holder OR lease.until <= now())::int
FROM mine WHERE lease.name = mine.name
RETURNING lease.name, lease.fence
"""

_RELEASE = """
WITH member AS (DELETE FROM {s}.lease WHERE name LIKE 'member %' AND holder = :holder)
UPDATE {s}.lease SET holder = NULL, until = now()
WHERE holder = :holder AND name NOT LIKE 'member %'
"""
