"""Timers: carried out once when due, again after a failure or a crash, never by two at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from melder_common.background import end
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.waiting import until
from melder_common.timer_runner import Timers
from melder_common.timers import (
    Due,
    LostClaim,
    Together,
    count_overdue,
    postpone,
    settle,
    settle_together,
)
from melder_common.unit_of_work import UnitsOfWork

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clockwork:
    """Timers of intake under a clock that only the test moves."""

    def __init__(self, events: EventWorld) -> None:
        self.events = events
        self.now = NOON
        self.units = events.units("intake", clock=lambda: self.now)
        self.carried_out: list[Due] = []
        self.failure: Exception | None = None

    async def handle(self, due: Due, _parts: None, units: UnitsOfWork) -> None:
        self.carried_out.append(due)
        if self.failure is not None:
            raise self.failure
        async with units.begin() as unit:
            await settle(unit, due)

    def timers(self, holder: str = "first", handler: Any = None, **pace: Any) -> Timers[None]:
        handlers: dict[str, Callable[[Due, None, UnitsOfWork], Awaitable[None]]] = {
            "mail": handler or self.handle
        }
        return Timers(self.units, handlers, None, holder=holder, **pace)

    async def plan(
        self, key: str, *, at: datetime = NOON, kind: str = "mail", **payload: Any
    ) -> None:
        async with self.units.begin() as unit:
            await unit.plan(kind, key, at=at, payload=payload)

    async def rows(self) -> list[Any]:
        return list(await self.events.fetch("SELECT * FROM intake.due ORDER BY key"))


@pytest.fixture
def clockwork(events: EventWorld) -> Clockwork:
    return Clockwork(events)


async def test_only_what_is_due_and_known_is_claimed_oldest_first(clockwork: Clockwork) -> None:
    await clockwork.plan("later", at=NOON + timedelta(seconds=1))
    await clockwork.plan("second", at=NOON - timedelta(seconds=1))
    await clockwork.plan("first", at=NOON - timedelta(seconds=2), to="nobody")
    await clockwork.plan("foreign", kind="of another version")

    claimed = await clockwork.timers().claim(10)

    assert sorted(due.key for due in claimed) == ["first", "second"]
    assert {due.attempt for due in claimed} == {1}
    assert [due.payload for due in claimed if due.key == "first"] == [{"to": "nobody"}]


async def test_two_processes_never_claim_the_same(clockwork: Clockwork) -> None:
    for number in range(40):
        await clockwork.plan(str(number))

    claims = await asyncio.gather(*(clockwork.timers(str(n)).claim(15) for n in range(4)))

    keys = [due.key for claimed in claims for due in claimed]
    assert len(keys) == len(set(keys)) == 40


async def test_machines_whose_clocks_disagree_mean_the_same_time(
    events: EventWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is planned for now where it is an hour later is due now where it is an hour earlier."""
    ahead, behind = events.units("intake"), events.units("intake")
    hour = timedelta(hours=1)
    monkeypatch.setattr("melder_common.clock.utc_now", lambda: datetime.now(UTC) + hour)
    async with ahead.begin() as unit:
        await unit.plan("mail", "now", at=unit.now)
        await unit.plan("mail", "in a minute", at=unit.now + timedelta(minutes=1))

    monkeypatch.setattr("melder_common.clock.utc_now", lambda: datetime.now(UTC) - hour)
    await behind.look_at_clock()
    timers: Timers[None] = Timers(behind, {"mail": Clockwork(events).handle}, None, holder="b")
    claimed: list[Due] = []

    async def claim() -> bool:
        claimed.extend(await timers.claim(10))
        return bool(claimed)

    await until(claim, seconds=20)
    assert [due.key for due in claimed] == ["now"]


async def test_a_backlog_does_not_stop_for_breath(clockwork: Clockwork) -> None:
    for number in range(6):
        await clockwork.plan(str(number))
    working = asyncio.create_task(clockwork.timers(batch=2, poll_s=0.01, gather_s=3600).run())
    await until(lambda: len(clockwork.carried_out) == 6, seconds=30)
    await end([working])
    assert sorted(due.key for due in clockwork.carried_out) == list("012345")


async def test_a_settled_timer_is_gone(clockwork: Clockwork) -> None:
    await clockwork.plan("one")
    timers = clockwork.timers()
    (due,) = await timers.claim(10)
    await timers.carry_out(due)

    assert await clockwork.rows() == []


async def test_a_failure_is_tried_again_with_growing_pauses_and_named_without_data(
    clockwork: Clockwork,
) -> None:
    await clockwork.plan("one")
    timers = clockwork.timers()
    clockwork.failure = ValueError("somebody@example.org")
    pauses = []
    for attempt in (1, 2, 3):
        (due,) = await timers.claim(10)
        assert due.attempt == attempt
        await timers.carry_out(due)
        (row,) = await clockwork.rows()
        assert row.last_error.startswith("ValueError")
        assert "somebody" not in row.last_error
        assert await timers.claim(10) == []
        pauses.append((row.at - clockwork.now).total_seconds())
        clockwork.now = row.at

    assert 1.5 <= pauses[0] <= 2.5 < pauses[1] <= 5 < pauses[2] <= 10

    clockwork.failure = None
    (due,) = await timers.claim(10)
    await timers.carry_out(due)
    assert await clockwork.rows() == []


async def test_several_are_carried_out_together_and_a_bad_one_harms_no_other(
    clockwork: Clockwork,
) -> None:
    calls: list[list[str]] = []

    async def handle(dues: Sequence[Due], _parts: None, units: UnitsOfWork) -> None:
        calls.append(sorted(due.key for due in dues))
        if "bad" in calls[-1]:
            raise ValueError("bad")
        async with units.begin() as unit:
            await settle_together(unit, dues)

    for key in ("a", "b", "bad", "c", "d"):
        await clockwork.plan(key)
    timers = clockwork.timers(handler=Together(handle, most=3))
    groups = timers.group(await timers.claim(10))
    assert sorted(len(group) for group in groups) == [2, 3]
    for group in groups:
        await timers.carry_out(*group)

    assert ["bad"] in calls
    (left,) = await clockwork.rows()
    assert (left.key, left.attempt) == ("bad", 1)
    assert left.last_error.startswith("ValueError")


async def test_who_has_lost_one_claim_of_several_settles_the_others(clockwork: Clockwork) -> None:
    for key in ("kept", "lost"):
        await clockwork.plan(key)
    dues = await clockwork.timers("slow").claim(10)
    await clockwork.events.execute("UPDATE intake.due SET fence = fence + 1 WHERE key = 'lost'")
    async with clockwork.units.begin() as unit:
        settled = await settle_together(unit, dues)
    assert [due.key for due in settled] == ["kept"]
    assert [row.key for row in await clockwork.rows()] == ["lost"]


async def test_the_claim_of_a_dead_process_runs_out_and_its_late_effect_is_refused(
    clockwork: Clockwork,
) -> None:
    await clockwork.plan("one")
    (dead,) = await clockwork.timers("dead").claim(10)
    assert await clockwork.timers("alive").claim(10) == []

    await clockwork.events.execute("UPDATE intake.due SET claimed_until = now() - interval '1 s'")
    (taken,) = await clockwork.timers("alive").claim(10)
    assert taken.attempt == 2

    with pytest.raises(LostClaim):
        async with clockwork.units.begin() as unit:
            await settle(unit, dead)
    with pytest.raises(LostClaim):
        async with clockwork.units.begin() as unit:
            await postpone(unit, dead, NOON)
    async with clockwork.units.begin() as unit:
        await settle(unit, taken)


async def test_planning_anew_revokes_the_claim_and_starts_over(clockwork: Clockwork) -> None:
    await clockwork.plan("one", step=1)
    (old,) = await clockwork.timers().claim(10)
    await clockwork.plan("one", at=NOON + timedelta(hours=1), step=2)

    with pytest.raises(LostClaim):
        async with clockwork.units.begin() as unit:
            await settle(unit, old)
    clockwork.now += timedelta(hours=1)
    (due,) = await clockwork.timers().claim(10)
    assert (due.attempt, due.payload) == (1, {"step": 2})


async def test_postponing_without_an_error_begins_at_the_first_attempt(
    clockwork: Clockwork,
) -> None:
    await clockwork.plan("one", step=1)
    (due,) = await clockwork.timers().claim(10)
    async with clockwork.units.begin() as unit:
        await postpone(unit, due, NOON + timedelta(days=1), payload={"step": 2})

    assert await clockwork.timers().claim(10) == []
    clockwork.now += timedelta(days=1)
    (due,) = await clockwork.timers().claim(10)
    assert (due.attempt, due.payload) == (1, {"step": 2})


async def test_a_cancelled_timer_is_gone_and_a_unit_that_fails_plans_nothing(
    clockwork: Clockwork,
) -> None:
    await clockwork.plan("one")
    async with clockwork.units.begin() as unit:
        await unit.cancel("mail", "one")
        await unit.cancel("mail", "never planned")
        await unit.plan("mail", "two", at=NOON)
        await unit.cancel("mail", "two")
    assert await clockwork.rows() == []

    async def plan_and_fail() -> None:
        async with clockwork.units.begin() as unit:
            await unit.plan("mail", "three", at=NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await plan_and_fail()
    assert await clockwork.rows() == []


async def test_running_it_carries_out_what_is_planned_at_once(clockwork: Clockwork) -> None:
    timers = clockwork.timers(poll_s=60)
    running = asyncio.create_task(timers.run())
    for number in range(120):
        await clockwork.plan(str(number))

    await until(lambda: len(clockwork.carried_out) == 120)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await timers.stop()
    assert await clockwork.rows() == []
    assert {due.attempt for due in clockwork.carried_out} == {1}


async def test_no_more_than_the_bound_run_at_once_and_a_hung_one_is_given_up(
    clockwork: Clockwork,
) -> None:
    running_now, most = 0, 0

    async def hang(_due: Due, _parts: None, _units: UnitsOfWork) -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        try:
            await asyncio.sleep(60)
        finally:
            running_now -= 1

    for number in range(5):
        await clockwork.plan(str(number))
    timers = clockwork.timers(handler=hang, at_once=2, patience_s=0.2, poll_s=0.05)
    running = asyncio.create_task(timers.run())

    async def all_given_up() -> bool:
        return all(
            (row.last_error or "").startswith("TimeoutError") for row in await clockwork.rows()
        )

    await until(all_given_up)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await timers.stop()

    assert most == 2


async def test_stopping_gives_back_what_was_claimed(clockwork: Clockwork) -> None:
    started = asyncio.Event()

    async def hang(_due: Due, _parts: None, _units: UnitsOfWork) -> None:
        started.set()
        await asyncio.sleep(60)

    for number in range(3):
        await clockwork.plan(str(number))
    timers = clockwork.timers(handler=hang, at_once=1)
    running = asyncio.create_task(timers.run())
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await timers.stop(grace_s=0)

    assert len(await clockwork.timers("next").claim(10)) == 3


async def test_a_long_handler_keeps_its_claim(clockwork: Clockwork) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def wait(due: Due, _parts: None, units: UnitsOfWork) -> None:
        started.set()
        await release.wait()
        await clockwork.handle(due, None, units)

    await clockwork.plan("long")
    timers = clockwork.timers(handler=wait, claim_s=3, poll_s=0.05)
    running = asyncio.create_task(timers.run())
    other = clockwork.timers("other")
    await started.wait()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 4
    while loop.time() < deadline:
        assert await other.claim(10) == []
        await asyncio.sleep(0.1)
    release.set()
    await until(lambda: bool(clockwork.carried_out))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await timers.stop()
    assert await clockwork.rows() == []


async def test_overdue_timers_are_counted(clockwork: Clockwork) -> None:
    await clockwork.plan("old", at=NOON - timedelta(minutes=11))
    await clockwork.plan("new", at=NOON - timedelta(minutes=1))
    tables = clockwork.units.tables
    grace = timedelta(minutes=10)
    assert await count_overdue(clockwork.events.engine, tables, now=NOON, grace=grace) == 1


async def test_a_claim_of_the_dead_that_lies_an_hour_ahead_is_free(clockwork: Clockwork) -> None:
    """It was written before the database's clock was set back: no claim can last so long."""
    await clockwork.plan("a")
    (dead,) = await clockwork.timers("first").claim(1)
    assert await clockwork.timers("second").claim(1) == []
    await clockwork.events.execute(
        "UPDATE intake.due SET claimed_until = claimed_until + interval '1 hour'"
    )
    (taken,) = await clockwork.timers("second").claim(1)
    assert taken.fence > dead.fence
