"""Too many requests are told when to come back; nobody's address is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from melder_common.problems import Problem
from melder_common.rate_limit import DailyHash, RateLimiter, client_network, limit_rate


def request_from(host: str | None) -> Request:
    client = (host, 1) if host else None
    return Request({"type": "http", "client": client, "headers": []})


async def test_the_one_too_many_hears_when_to_come_back() -> None:
    check = limit_rate(RateLimiter(), "report", "3/hour")
    for _ in range(3):
        await check(request_from("203.0.113.9"))
    with pytest.raises(Problem) as refused:
        await check(request_from("203.0.113.9"))
    assert refused.value.status == 429
    assert 3500 <= int((refused.value.headers or {})["Retry-After"]) <= 3600
    await check(request_from("203.0.113.10"))


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
