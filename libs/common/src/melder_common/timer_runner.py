"""Claims what is due by lease and carries it out, again and again until it succeeds."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy import func, or_, select, update

from melder_common.background import end, wait_for
from melder_common.crash_points import crash_point
from melder_common.failures import name_failure
from melder_common.timers import AnyTimerHandler, Due, LostClaim, Together, postpone
from melder_common.unit_of_work import UnitsOfWork

Parts = TypeVar("Parts")

CLAIM_S = 30.0
"""How long a claim lasts; while its handler runs it is renewed."""
GATHER_S = 0.1
"""After a claim that was not full: a lone timer is carried out at once, a stream of them is claimed
in batches."""
LONGEST_PAUSE = timedelta(minutes=10)

_log = structlog.get_logger()


def pause_after(attempt: int, chance: float) -> timedelta:
    """How long to wait after the ``attempt``-th failure: 2, 4, 8 … s, ± a quarter by ``chance``."""
    seconds = min(2.0 ** min(attempt, 20), LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=seconds * (0.75 + 0.5 * chance))


class Timers(Generic[Parts]):
    """Claims what is due and carries it out, ``at_once`` handlers at a time."""

    def __init__(
        self,
        units: UnitsOfWork,
        handlers: Mapping[str, AnyTimerHandler[Parts]],
        parts: Parts,
        *,
        holder: str,
        at_once: int = 8,
        batch: int = 50,
        poll_s: float = 1.0,
        claim_s: float = CLAIM_S,
        patience_s: float = 300.0,
        gather_s: float = GATHER_S,
    ) -> None:
        self._units = units
        self._engine = units.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._due = units.tables.due
        self._handlers = dict(handlers)
        self._parts = parts
        self._holder = holder
        self._batch = batch
        self._poll_s = poll_s
        self._claim = timedelta(seconds=claim_s)
        self._patience_s = patience_s
        self._gather_s = gather_s
        self._slots = asyncio.Semaphore(at_once)
        self._claimed: dict[int, asyncio.Task[None]] = {}
        self._running: set[int] = set()
        self._renewed_at = float("-inf")

    async def run(self) -> None:
        """Work until cancelled; ``stop`` then ends what was begun."""
        await self._units.look_at_clock()  # or a wrong one would hurry an hour's timers
        while True:
            some = False
            if len(self._claimed) <= self._batch // 2:
                most = self._batch - len(self._claimed)
                claimed = await self.claim(most)
                some = 0 < len(claimed) < most
                for dues in self.group(claimed):
                    crash_point("timer_claimed")
                    task = asyncio.create_task(self._work(dues))
                    self._claimed.update((due.id, task) for due in dues)
            await self._renew()
            if some:
                await asyncio.sleep(self._gather_s)
            await wait_for(self._units.wakeup.timers, self._poll_s)

    async def stop(self, grace_s: float = 10.0) -> None:
        """Give back what has not begun, wait for what has, and let go of the rest."""
        waiting = list({task for id_, task in self._claimed.items() if id_ not in self._running})
        running = list({task for id_, task in self._claimed.items() if id_ in self._running})
        await end(waiting)
        if running:
            await asyncio.wait(running, timeout=grace_s)
        await end(running)
        given_back = (
            update(self._due)
            .where(self._due.c.claimed_by == self._holder)
            .values(claimed_by=None, claimed_until=None, fence=self._due.c.fence + 1)
        )
        async with self._engine.connect() as connection:
            await connection.execute(given_back)

    async def claim(self, limit: int) -> list[Due]:
        """Claim up to ``limit`` timers that are due and that nobody holds.

        A claim that lies further ahead than one can last was made before the database's clock was
        set back: nobody holds it either, or he will hear so when he settles.
        """
        due = self._due
        free = or_(
            due.c.claimed_until.is_(None),
            due.c.claimed_until < func.now(),
            due.c.claimed_until > func.now() + 2 * self._claim,
        )
        waiting = (
            select(due.c.id)
            .where(due.c.at <= self._units.clock(), free, due.c.kind.in_(self._handlers))
            .order_by(due.c.at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("waiting")
        )
        statement = (
            update(due)
            .where(due.c.id == waiting.c.id)
            .values(
                claimed_by=self._holder,
                claimed_until=func.now() + self._claim,
                fence=due.c.fence + 1,
                attempt=due.c.attempt + 1,
            )
            .returning(due.c.id, due.c.kind, due.c.key, due.c.payload, due.c.attempt, due.c.fence)
        )
        async with self._engine.connect() as connection:
            return [Due(*row) for row in await connection.execute(statement)]

    async def carry_out(self, *dues: Due) -> None:
        """Run the handler of ``dues``, all of one kind; a failure is noted, and tried later."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._handle(dues)
            crash_point("timer_called")
        except LostClaim:
            if len(dues) > 1:
                await self._carry_out_singly(dues)
            else:
                _log.info("timer_lost_claim", kind=dues[0].kind, key=dues[0].key)
        except Exception as error:  # noqa: BLE001 (the edge that turns a failure into another try)
            if len(dues) > 1:
                await self._carry_out_singly(dues)
            else:
                await self._note_failure(dues[0], error)

    async def _handle(self, dues: Sequence[Due]) -> None:
        handler = self._handlers[dues[0].kind]
        if isinstance(handler, Together):
            await handler.handle(dues, self._parts, self._units)
        else:
            for due in dues:
                await handler(due, self._parts, self._units)

    async def _carry_out_singly(self, dues: Sequence[Due]) -> None:
        for due in dues:
            await self.carry_out(due)

    def group(self, dues: Sequence[Due]) -> list[list[Due]]:
        """What is carried out at once: everything alone, but what has a handler for several."""
        groups: list[list[Due]] = []
        for due in dues:
            handler = self._handlers[due.kind]
            most = handler.most if isinstance(handler, Together) else 1
            last = next((group for group in reversed(groups) if group[0].kind == due.kind), None)
            if last is not None and len(last) < most:
                last.append(due)
            else:
                groups.append([due])
        return groups

    async def _note_failure(self, due: Due, error: Exception) -> None:
        pause = pause_after(due.attempt, random.random())  # noqa: S311 (spreads retries)
        reason = name_failure(error)
        _log.warning(
            "timer_failed",
            kind=due.kind,
            key=due.key,
            attempt=due.attempt,
            reason=reason,
            again_in_s=round(pause.total_seconds(), 1),
        )
        try:
            async with self._units.begin() as unit:
                await postpone(unit, due, self._units.clock() + pause, reason)
        except LostClaim:
            _log.info("timer_lost_claim", kind=due.kind, key=due.key)

    async def _work(self, dues: Sequence[Due]) -> None:
        ids = {due.id for due in dues}
        try:
            async with self._slots:
                self._running |= ids
                await self.carry_out(*dues)
        except Exception as error:  # noqa: BLE001 (the claim runs out and somebody tries again)
            for due in dues:
                reason = name_failure(error)
                _log.warning("timer_left", kind=due.kind, key=due.key, reason=reason)
        finally:
            self._running -= ids
            crowded = len(self._claimed) > self._batch // 2
            for id_ in ids:
                del self._claimed[id_]
            if crowded:
                self._units.wakeup.timers.set()

    async def _renew(self) -> None:
        """Keep the claims of what is under way; called often, it seldom does anything."""
        now = asyncio.get_running_loop().time()
        if not self._claimed or now < self._renewed_at + self._claim.total_seconds() / 3:
            return
        renewed = (
            update(self._due)
            .where(self._due.c.id.in_(list(self._claimed)), self._due.c.claimed_by == self._holder)
            .values(claimed_until=func.now() + self._claim)
        )
        async with self._engine.connect() as connection:
            await connection.execute(renewed)
        self._renewed_at = now
