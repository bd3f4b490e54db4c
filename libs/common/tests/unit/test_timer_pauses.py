"""Pauses between tries grow, are spread, and have an end."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from melder_common.timer_runner import LONGEST_PAUSE, pause_after


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_up_to_ten_minutes_and_a_quarter(attempt: int, chance: float) -> None:
    pause = pause_after(attempt, chance)
    assert timedelta(seconds=1.5) <= pause <= LONGEST_PAUSE * 1.25
    assert pause <= pause_after(attempt + 3, chance)
