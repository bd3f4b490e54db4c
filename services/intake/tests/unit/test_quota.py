"""Quotas that several processes share: what one may let pass, and when it must tell the others."""

from typing import Any

import pytest

from melder_common.ids import new_id
from melder_intake.domain.api_client import ApiClient
from melder_intake.domain.quota import RULES, Usage


def client(minute: int, day: int | None = None) -> ApiClient:
    return ApiClient(new_id(), "App", minute, day)


class Shared:
    """The database that the processes tell."""

    def __init__(self) -> None:
        self.full: dict[str, float] = {}
        self.writes = 0

    def ask(self, usage: Usage, who: ApiClient, now: float) -> int:
        if not usage.must_tell(who, now):
            return usage.count(who, now)
        self.writes += 1
        for rule, seconds in usage.begin_telling(who, now).items():
            self.full[rule] = max(self.full.get(rule, now), now) + seconds
        return usage.learn(who, self.full, now)


def passed(shared: Shared, who: ApiClient, usages: Any, times: Any) -> int:
    return sum(shared.ask(usages[n % len(usages)], who, at) == 0 for n, at in enumerate(times))


@pytest.mark.parametrize("number", [1, 2, 19])
def test_small_quotas_are_exact_over_several_processes(number: int) -> None:
    shared, usages = Shared(), [Usage(), Usage(), Usage()]
    assert passed(shared, client(number), usages, [0.0] * 100) == number


def test_large_quotas_let_pass_a_twentieth_too_much_per_process_at_most() -> None:
    shared, usages = Shared(), [Usage(), Usage()]
    let = passed(shared, client(200), usages, [0.001 * n for n in range(1000)])
    assert 200 <= let <= 220 + 3
    assert shared.writes < 120


def test_a_refused_request_is_not_counted() -> None:
    shared, usages = Shared(), [Usage()]
    who = client(60)
    passed(shared, who, usages, [0.0] * 500)
    # one place gets free every second, however often somebody knocked
    assert passed(shared, who, usages, [1.05]) == 1
    assert passed(shared, who, usages, [1.06]) == 0


def test_the_wait_is_told_and_is_right() -> None:
    shared, usage = Shared(), Usage()
    who = client(2)
    assert [shared.ask(usage, who, 0.0) for _ in range(2)] == [0, 0]
    wait = shared.ask(usage, who, 5.0)
    assert wait == 25
    assert shared.ask(usage, who, 5.0 + wait) == 0


def test_the_quota_of_the_day_counts_too() -> None:
    shared, usages = Shared(), [Usage(), Usage()]
    who = client(60, day=5)
    assert passed(shared, who, usages, [10.0 * n for n in range(20)]) == 5
    assert shared.ask(usages[0], who, 200.0) > 3600
    assert RULES["day"] == 24 * 3600


def test_a_burst_is_told_rarely() -> None:
    shared = Shared()
    assert passed(shared, client(6000), [Usage()], [n / 1000 for n in range(2000)]) == 2000
    assert shared.writes <= 2000 / 300 + 3


def test_a_clock_that_was_set_back_is_noticed_at_once() -> None:
    shared, usage, who = Shared(), Usage(), client(200)
    assert shared.ask(usage, who, 7200.0) == 0
    assert shared.ask(usage, who, 7200.5) == 0
    assert usage.must_tell(who, 3600.0)
