"""What arrives in any order is taken in the order of the log, and acknowledged at the right time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.followed_log import Arrival, FollowedLog
from melder_common.transport import Message


def arrival(position: int) -> Arrival:
    return Arrival(Message(position, "report.supported.v1", b"", f"receipt {position}"), None)


def filled(cursor: int, *positions: int) -> FollowedLog:
    log = FollowedLog("intake", cursor=cursor)
    for position in positions:
        log.add(arrival(position))
    return log


@pytest.mark.parametrize(
    ("cursor", "positions", "run"),
    [
        (0, [1, 2, 3], [1, 2, 3]),
        (0, [3, 1, 2], [1, 2, 3]),
        (2, [1, 2, 3], [3]),
        (0, [1, 2, 4], [1, 2]),
        (0, [2, 3], []),
        (5, [], []),
    ],
)
def test_the_next_run_has_no_gap(cursor: int, positions: list[int], run: list[int]) -> None:
    assert [one.position for one in filled(cursor, *positions).next_run(10)] == run


def test_a_run_is_no_longer_than_a_batch() -> None:
    assert len(filled(0, *range(1, 10)).next_run(4)) == 4


@given(st.lists(st.integers(1, 12), max_size=40), st.integers(1, 5))
def test_whatever_arrives_nothing_is_taken_twice_or_out_of_order(
    positions: list[int], limit: int
) -> None:
    log, taken = FollowedLog("intake"), []
    for position in positions:
        log.add(arrival(position))
        run = log.next_run(limit)
        if run:
            taken += [one.position for one in run]
            log.move_to(run[-1].position, run[-1].message.receipt)
    assert taken == list(range(1, len(taken) + 1))
    assert all(position > log.cursor for position in log.waiting)


def test_what_is_applied_already_is_acknowledged_unless_something_waits() -> None:
    log = filled(5, 4)
    assert log.settled == "receipt 4"
    log = filled(5, 7, 4)
    assert log.settled is None


def test_what_lies_beyond_a_gap_is_dropped_and_acknowledged() -> None:
    log = filled(0, 3, 4)
    assert log.drop_ahead()
    assert log.waiting == {}
    assert log.settled == "receipt 4"
    assert not log.drop_ahead()


def test_moving_on_takes_off_the_lag() -> None:
    log = filled(2, 3, 4, 5)
    log.lag = 3
    log.move_to(4, "receipt 4")
    assert (log.cursor, log.lag, sorted(log.waiting), log.settled) == (4, 1, [5], "receipt 4")
