"""Too many requests are told when to come back; nobody's address is kept."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from melder_common import rate_limit
from melder_common.problems import Problem
from melder_common.rate_limit import DailyHash, Rate, RateLimiter, client_network, limit_rate


def request_from(host: str | None) -> Request:
    client = (host, 1) if host else None
    return Request({"type": "http", "client": client, "headers": []})


class Hands:
    """Ticks that are moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


async def test_the_one_too_many_hears_when_to_come_back() -> None:
    clock = Hands()
    check = limit_rate(RateLimiter(ticks=clock), "report", "3/hour")
    for _ in range(3):
        await check(request_from("203.0.113.9"))
    with pytest.raises(Problem) as refused:
        await check(request_from("203.0.113.9"))
    assert refused.value.status == 429
    assert (refused.value.headers or {})["Retry-After"] == "1200"
    await check(request_from("203.0.113.10"))
    clock.move(1199)
    with pytest.raises(Problem, match="in 1 seconds"):
        await check(request_from("203.0.113.9"))
    clock.move(1)
    await check(request_from("203.0.113.9"))


@given(
    st.integers(1, 50),
    st.sampled_from(["second", "minute", "hour"]),
    st.lists(st.floats(0, 4000), min_size=1, max_size=120),
)
def test_never_more_than_twice_the_number_in_any_window(
    number: int, unit: str, pauses: list[float]
) -> None:
    clock = Hands()
    limiter = RateLimiter(ticks=clock)
    seconds = Rate.parse(f"1/{unit}").seconds
    passed: list[float] = []
    for pause in pauses:
        clock.move(pause)
        with suppress(Problem):
            limiter.check("a", f"{number}/{unit}", "x")
            passed.append(clock.now)
    for first in passed:
        assert len([at for at in passed if first <= at < first + seconds]) <= 2 * number
    clock.move(seconds)
    limiter.check("a", f"{number}/{unit}", "x")


@pytest.mark.parametrize("rate", ["", "60", "60/fortnight", "0/minute", "-1/minute", "x/minute"])
def test_rates_are_checked_when_the_app_is_built(rate: str) -> None:
    with pytest.raises(ValueError, match="no rate"):
        limit_rate(RateLimiter(), "report", rate)


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST_SUBJECTS", 10)
    clock = Hands()
    limiter = RateLimiter(ticks=clock)
    for stranger in range(8):
        limiter.check("a", "1/second", str(stranger))
    clock.move(2)
    for _ in range(2):
        limiter.check("a", "2/hour", "x")
    for stranger in range(5):
        limiter.check("a", "1/second", f"later {stranger}")
    with pytest.raises(Problem):
        limiter.check("a", "2/hour", "x")
    for stranger in range(100):
        limiter.check("a", "1/hour", f"crowd {stranger}")
    assert len(limiter._empty_at) <= 10


def test_a_clock_set_back_shuts_nobody_out() -> None:
    now = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
    limiter = RateLimiter(lambda: now)
    limiter.check("a", "60/minute", "x")
    now -= timedelta(hours=1)
    limiter.check("a", "60/minute", "x")


def test_rules_count_apart() -> None:
    limiter = RateLimiter()
    limiter.check("a", "1/hour", "x")
    limiter.check("b", "1/hour", "x")
    with pytest.raises(Problem):
        limiter.check("a", "1/hour", "x")


def test_a_household_is_one_network() -> None:
    assert client_network(request_from("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::/64"
    assert client_network(request_from("203.0.113.9")) == "203.0.113.9"
    assert client_network(request_from("::ffff:203.0.113.9")) == "203.0.113.9"
    assert client_network(request_from("testclient")) == "testclient"
    assert client_network(request_from(None)) == ""


def test_the_hash_forgets_at_midnight() -> None:
    now = datetime(2026, 11, 3, 23, 59, tzinfo=UTC)
    daily = DailyHash(lambda: now)
    evening = daily.of("203.0.113.9")
    assert evening == daily.of("203.0.113.9")
    assert evening != daily.of("203.0.113.10")
    assert "203" not in evening or len(evening) == 32
    now += timedelta(minutes=2)
    assert daily.of("203.0.113.9") != evening
    assert DailyHash(lambda: now).of("203.0.113.9") != daily.of("203.0.113.9")
