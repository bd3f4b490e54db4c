"""Leases: shared out evenly, taken over when their holder is gone, with a fence that grows."""

import pytest

from melder_common.testing.event_schemas import EventWorld

pytestmark = pytest.mark.integration

NAMES = ("log 0", "log 1", "log 2", "log 3", "log 4", "housekeeping")


async def test_one_process_holds_all_and_two_share(events: EventWorld) -> None:
    first, second = (events.leases("intake", holder, NAMES) for holder in ("first", "second"))
    await first.prepare()
    assert set(await first.renew()) == set(NAMES)

    assert await second.renew() == {}
    assert len(await first.renew()) == 3
    assert len(await second.renew()) == 3
    assert set(first.held) | set(second.held) == set(NAMES)
    assert set(first.held) & set(second.held) == set()
    assert set(await first.renew()) == set(first.held)


async def test_each_group_is_shared_out_by_itself_so_that_nobody_is_left_with_the_chores(
    events: EventWorld,
) -> None:
    groups = (["log 1", "log 2"], ["log 0", "housekeeping"])
    first, second = (events.leases("intake", holder, *groups) for holder in ("first", "second"))
    await first.prepare()
    for leases in (second, first, second, first):
        await leases.renew()
    for group in groups:
        assert [len(set(group) & set(leases.held)) for leases in (first, second)] == [1, 1]


async def test_what_was_given_back_is_left_alone_so_that_the_other_can_take_it(
    events: EventWorld,
) -> None:
    """Whoever touches it again and again locks it again and again while the other looks."""
    first, second = (events.leases("intake", holder, NAMES) for holder in ("first", "second"))
    await first.prepare()
    await first.renew()
    await second.renew()
    await first.renew()
    given_back = await events.fetch("SELECT name, xmin FROM intake.lease WHERE holder IS NULL")
    assert len(given_back) == 3

    await first.renew()
    assert (
        await events.fetch("SELECT name, xmin FROM intake.lease WHERE holder IS NULL") == given_back
    )


async def test_renewing_keeps_the_fence_and_every_change_of_hands_raises_it(
    events: EventWorld,
) -> None:
    first, second = (events.leases("intake", holder, ["log 1"]) for holder in ("first", "second"))
    await first.prepare()
    fence = (await first.renew())["log 1"].fence
    assert (await first.renew())["log 1"].fence == fence

    await events.execute("UPDATE intake.lease SET until = now() - interval '1 s'")
    taken = (await second.renew())["log 1"].fence
    assert taken > fence
    await events.execute("UPDATE intake.lease SET until = now() - interval '1 s'")
    assert (await second.renew())["log 1"].fence > taken


async def test_a_released_lease_is_free_at_once(events: EventWorld) -> None:
    first, second = (events.leases("intake", holder, ["log 1"]) for holder in ("first", "second"))
    await first.prepare()
    await first.renew()
    assert await second.renew() == {}

    await first.release()
    assert first.held == {}
    assert set(await second.renew()) == {"log 1"}


async def test_who_cannot_renew_in_time_holds_nothing_in_his_own_eyes(events: EventWorld) -> None:
    leases = events.leases("intake", "sleeper", ["log 1"], ttl_s=0)
    await leases.prepare()
    await leases.renew()
    assert leases.held == {}


async def test_a_lease_of_the_dead_that_lies_an_hour_ahead_is_free(events: EventWorld) -> None:
    """It was written before the database's clock was set back: no lease can last so long."""
    first, second = (events.leases("intake", holder, NAMES) for holder in ("first", "second"))
    await first.prepare()
    fences = await first.renew()
    await events.execute("UPDATE intake.lease SET until = until + interval '1 hour'")
    taken = await second.renew()
    assert set(taken) == set(NAMES), "the dead does not count as living either"
    assert all(taken[name].fence > fences[name].fence for name in NAMES)


async def test_the_living_share_again_after_the_clock_was_set_back(events: EventWorld) -> None:
    first, second = (events.leases("intake", holder, NAMES) for holder in ("first", "second"))
    await first.prepare()
    for leases in (first, second, first, second):
        await leases.renew()
    await events.execute("UPDATE intake.lease SET until = until + interval '1 hour'")
    for leases in (first, second, first, second):
        await leases.renew()
    assert set(first.held) | set(second.held) == set(NAMES)
    assert set(first.held) & set(second.held) == set()
