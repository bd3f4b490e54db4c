"""All processes mean the same time, whatever the clocks of their machines do."""

from datetime import UTC, datetime, timedelta

import pytest

from melder_common.clock import SharedClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_goes_on_by_ticks_from_the_middle_of_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = [100.0]
    clock = SharedClock(lambda: ticks[0])
    monkeypatch.setattr("melder_common.clock.utc_now", lambda: NOON - HOUR)
    assert clock() == NOON - HOUR, "nothing better is known yet"

    clock.set(NOON, asked=100, answered=104)

    ticks[0] = 104.0
    assert clock() == NOON + timedelta(seconds=2)
    monkeypatch.setattr("melder_common.clock.utc_now", lambda: NOON + HOUR)
    ticks[0] = 110.0
    assert clock() == NOON + timedelta(seconds=8)


def test_it_moves_only_when_it_is_wrong_for_sure() -> None:
    ticks = [0.0]
    clock = SharedClock(lambda: ticks[0])
    clock.set(NOON, asked=0, answered=0)

    clock.set(NOON + timedelta(seconds=9), asked=1, answered=9)
    assert clock() == NOON

    clock.set(NOON + HOUR, asked=10, answered=12)
    ticks[0] = 11.0
    assert clock() == NOON + HOUR
