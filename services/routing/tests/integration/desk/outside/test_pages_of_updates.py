"""A long list of updates comes in pages, as long as the other server likes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from melder_routing.store.open311_client import Address, Open311Client

UPDATES = "/servicerequestupdates.json"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY = [str(number) for number in range(50)]


def some_updates(first: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "update_id": str(number),
            "service_request_id": str(number % 50),
            "status": "open",
            "updated_datetime": f"{NOON + timedelta(seconds=number):%FT%TZ}",
        }
        for number in range(first, first + count)
    ]


async def listed(far: Any, ids: list[str]) -> list[str]:
    async with httpx.AsyncClient(trust_env=False) as http:
        at = Address(far.url, "json")
        hour = timedelta(hours=1)
        found = await Open311Client(http).list_updates(at, ids, NOON, NOON + hour)
    return [one.update_id for one in found]


async def test_a_server_that_gives_fewer_than_asked_for_is_asked_to_the_end(far: Any) -> None:
    pages = [some_updates(0, 50), some_updates(50, 50), some_updates(100, 3)]
    for ids in (MANY, ["7"]):
        far.says("GET", UPDATES, *pages)
        far.asked.clear()
        assert await listed(far, ids) == [str(number) for number in range(103)]
        assert [one.one("page") for one in far.asked] == ["1", "2", "3"]


async def test_a_server_without_pages_is_not_asked_for_ever(far: Any) -> None:
    far.says("GET", UPDATES, some_updates(0, 60))
    assert len(await listed(far, MANY)) == 60
    assert len(far.asked) == 2
