"""Group commit: what is asked for while a transaction is under way shares the next one.

A commit waits for the disk, and a transaction costs six round trips, however little it writes.
Nobody waits for company: a request is written at once while one of the two lanes is free, and only
what comes meanwhile is gathered; with one lane it would wait for another's transaction and then for
its own. Each is answered after the commit that holds it. When a group fails, its members are tried
alone, so that none suffers from another.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import structlog

from melder_common.failures import name_failure
from melder_common.resilience import retry_once_on_disconnect
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

Write = Callable[[UnitOfWork, Sequence[Item]], Awaitable[Sequence[Outcome]]]
"""Writes all items in one open unit; one outcome each, in their order. It may see an item again
whose commit went through though the connection was lost: it looks for the ids it brings."""

MOST = 50
LANES = 2
"""How many transactions are under way at once."""
LONGEST_HOLD_S = 0.5
"""How long those behind wait for a transaction; one that hangs holds nobody up for longer."""

_log = structlog.get_logger("melder.group_commit")


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Item, Outcome]):
    item: Item
    answer: asyncio.Future[Outcome]

    def tell(self, outcome: Outcome) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class GroupCommit(Generic[Item, Outcome]):
    """Writes items by ``write``, at most ``most`` in one transaction, begun in their order."""

    def __init__(
        self,
        units: UnitsOfWork,
        write: Write[Item, Outcome],
        *,
        most: int = MOST,
        lanes: int = LANES,
        longest_hold_s: float = LONGEST_HOLD_S,
    ) -> None:
        self._units = units
        self._write = write
        self._most = most
        self._lanes = lanes
        self._longest_hold_s = longest_hold_s
        self._waiting: deque[_Asked[Item, Outcome]] = deque()
        self._working: set[asyncio.Task[None]] = set()
        self._hanging: set[asyncio.Task[None]] = set()

    async def ask(self, item: Item) -> Outcome:
        """The outcome of ``item``, committed. Raises what ``write`` raises for it alone.

        Once more after a lost connection. Who stops waiting does not take the item back.
        """
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(item, answer))
        self._working = {lane for lane in self._working if not lane.done()}
        if len(self._working) < self._lanes:
            # an empty context: a group belongs to no single request's trace or log lines
            self._working.add(asyncio.create_task(self._work(), context=Context()))
        return await answer

    async def alone(self, item: Item) -> Outcome:
        """As ``ask``, in a transaction of its own: for what would hold the others up."""
        (outcome,) = await retry_once_on_disconnect(partial(self._commit, [item]))
        return outcome

    async def _work(self) -> None:
        while self._waiting:
            size = min(self._most, len(self._waiting))
            group = [self._waiting.popleft() for _ in range(size)]
            writing = asyncio.create_task(self._answer(group))
            self._hanging.add(writing)
            writing.add_done_callback(self._hanging.discard)
            await asyncio.wait({writing}, timeout=self._longest_hold_s)

    async def _answer(self, group: list[_Asked[Item, Outcome]]) -> None:
        if len(group) == 1:
            await self._answer_alone(group[0])
            return
        try:
            outcomes = await self._commit([asked.item for asked in group])
        except Exception as error:  # noqa: BLE001 (the edge: each member hears of its own failure)
            _log.info("group_failed", size=len(group), reason=name_failure(error))
            await asyncio.gather(*map(self._answer_alone, group))
        else:
            for asked, outcome in zip(group, outcomes, strict=True):
                asked.tell(outcome)

    async def _answer_alone(self, asked: _Asked[Item, Outcome]) -> None:
        try:
            outcome = await self.alone(asked.item)
        except Exception as error:  # noqa: BLE001 (the edge: it is raised where it was asked)
            asked.fail(error)
        else:
            asked.tell(outcome)

    async def _commit(self, items: Sequence[Item]) -> Sequence[Outcome]:
        async with self._units.begin() as unit:
            return await self._write(unit, items)
