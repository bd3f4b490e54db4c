"""Group commit against a database that fails: each item once, each told the truth, none delayed."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.group_commit import GroupCommit

HEALTHY, REFUSES, LOST_BEFORE, LOST_AFTER = "healthy", "refuses", "lost before", "lost after"


class BadItem(Exception):
    """An item that no transaction takes."""


@dataclass
class Database:
    """Rows by id, written by transactions whose ends are those in ``fates``, then healthy ones."""

    fates: Iterator[str] = field(default_factory=lambda: iter(()))
    rows: list[int] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[list[int]]:
        """A transaction is the list of what it will have written."""
        fate, pending = next(self.fates, HEALTHY), list[int]()
        await asyncio.sleep(0)
        if fate == REFUSES:
            raise ZeroDivisionError
        yield pending
        await asyncio.sleep(0)
        if fate != LOST_BEFORE:
            self.rows += pending
        if fate in {LOST_BEFORE, LOST_AFTER}:
            raise ConnectionResetError

    async def write(self, unit: Any, items: Sequence[int]) -> list[str]:
        """Negative items are bad; those there already are found again."""
        self.groups.append(list(items))
        if self.gate is not None:
            gate, self.gate = self.gate, None
            await gate.wait()
        if any(item < 0 for item in items):
            raise BadItem
        unit += [item for item in items if item not in self.rows]
        return ["found" if item in self.rows else "written" for item in items]


def committer(database: Database, **limits: Any) -> GroupCommit[int, str]:
    units: Any = database
    return GroupCommit(units, database.write, **limits)


async def start(commits: GroupCommit[int, str], item: int) -> "asyncio.Task[str]":
    task = asyncio.create_task(commits.ask(item))
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def test_a_lone_item_waits_for_nobody() -> None:
    database = Database()
    commits = committer(database)
    assert await commits.ask(1) == "written"
    assert await commits.ask(2) == "written"
    assert database.groups == [[1], [2]]


async def test_what_comes_meanwhile_shares_the_next_transaction() -> None:
    gate = asyncio.Event()
    database = Database(gate=gate)
    commits = committer(database, most=3, lanes=1)
    tasks = [await start(commits, item) for item in range(6)]
    assert not any(task.done() for task in tasks)
    gate.set()
    assert await asyncio.gather(*tasks) == ["written"] * 6
    assert database.groups == [[0], [1, 2, 3], [4, 5]]


async def test_while_a_lane_is_free_nobody_waits_for_the_transaction_of_another() -> None:
    gate = asyncio.Event()
    database = Database(gate=gate)
    commits = committer(database, lanes=2)
    tasks = [await start(commits, item) for item in (1, 2)]
    assert await tasks[1] == "written"
    assert not tasks[0].done()
    gate.set()
    assert await tasks[0] == "written"
    assert database.groups == [[1], [2]]


async def test_nobody_is_answered_before_the_commit() -> None:
    database = Database(fates=iter([LOST_BEFORE, LOST_BEFORE]))
    with pytest.raises(ConnectionResetError):
        await committer(database).ask(1)
    assert database.rows == []


async def test_a_bad_item_harms_no_other() -> None:
    gate = asyncio.Event()
    database = Database(gate=gate)
    commits = committer(database, lanes=1)
    tasks = [await start(commits, item) for item in (1, 2, -3, 4)]
    gate.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert told[:2] == ["written", "written"]
    assert isinstance(told[2], BadItem)
    assert told[3] == "written"
    assert sorted(database.rows) == [1, 2, 4]


async def test_a_transaction_that_hangs_holds_nobody_up() -> None:
    database = Database(gate=asyncio.Event())
    commits = committer(database, longest_hold_s=0.01, lanes=1)
    hanging = await start(commits, 1)
    assert await commits.ask(2) == "written"
    assert not hanging.done()
    hanging.cancel()


async def test_who_stops_waiting_does_not_take_the_item_back() -> None:
    gate = asyncio.Event()
    database = Database(gate=gate)
    commits = committer(database, lanes=1)
    first, impatient, last = [await start(commits, item) for item in (1, 2, 3)]
    impatient.cancel()
    gate.set()
    assert await asyncio.gather(first, last) == ["written", "written"]
    assert database.rows == [1, 2, 3]


async def test_alone_means_a_transaction_of_its_own() -> None:
    gate = asyncio.Event()
    database = Database(gate=gate)
    commits = committer(database, lanes=1)
    waiting = [await start(commits, item) for item in (1, 2)]
    assert await commits.alone(3) == "written"
    gate.set()
    await asyncio.gather(*waiting)
    assert database.groups == [[1], [3], [2]]


FATES = st.lists(st.sampled_from([HEALTHY, REFUSES, LOST_BEFORE, LOST_AFTER]), max_size=12)
ARRIVALS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4)),  # bad or not; turns of the loop until the next
    min_size=1,
    max_size=15,
)


@given(FATES, ARRIVALS, st.integers(1, 5), st.integers(1, 3))
def test_whatever_fails_each_item_is_there_once_and_told_the_truth(
    fates: list[str], arrivals: list[tuple[bool, int]], most: int, lanes: int
) -> None:
    database = Database(fates=iter(fates))

    async def run() -> list[Any]:
        commits = committer(database, most=most, lanes=lanes)
        tasks = []
        for item, (bad, turns) in enumerate(arrivals, start=1):
            tasks.append(asyncio.create_task(commits.ask(-item if bad else item)))
            for _ in range(turns):
                await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)

    told = asyncio.run(run())
    for item, ((bad, _), answer) in enumerate(zip(arrivals, told, strict=True), start=1):
        if bad:
            assert isinstance(answer, Exception)
            assert -item not in database.rows
        elif isinstance(answer, Exception):
            assert database.rows.count(item) <= 1
        else:
            assert database.rows.count(item) == 1
    if not fates:
        good = [answer for (bad, _), answer in zip(arrivals, told, strict=True) if not bad]
        assert good == ["written"] * len(good)
