"""Rule 6: keys, wherever they come, and their quota."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from melder_intake.store.known_clients import REMEMBERED_S, KnownClients
from melder_intake.use_cases.manage_api_client import create_api_client, revoke_api_client

V2 = "/open311/v2"


@pytest.mark.parametrize("where", ["query", "header", "api-key"])
async def test_the_key_may_come_elsewhere(post: Any, stack: Any, where: Any) -> None:
    if where == "query":
        answer = await post(api_key=None, query={"api_key": stack.api_key})
    else:
        name = "X-API-Key" if where == "header" else "Api-Key"
        answer = await post(api_key=None, headers={name: stack.api_key})
    assert answer.status_code == 200


async def test_a_quota_is_answered_with_429_in_format(
    make_stack: Any, catalogue_events: Any, good: Any
) -> None:
    stack = await make_stack(catalogue=catalogue_events)
    async with stack.units.begin() as unit:
        key = await create_api_client(unit, name="slow", requests_per_minute=1)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        data = good | {"api_key": key}
        answers = [await client.post(f"{V2}/requests.json", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()[0]["code"] == "429"
    assert "retry-after" in answers[1].headers


async def test_keys_are_hashed_and_can_be_revoked(post: Any, stack: Any) -> None:
    async with stack.units.engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM intake.api_client"))).one()
    assert stack.api_key not in str(row)
    async with stack.units.begin() as unit:
        await revoke_api_client(unit, "Stadt-App")
    assert await KnownClients(stack.units.engine).find(stack.api_key) is None


async def test_a_known_key_is_looked_up_again_after_some_seconds(stack: Any) -> None:
    now = [0.0]
    clients = KnownClients(stack.units.engine, clock=lambda: now[0])
    assert await clients.find(stack.api_key) is not None
    async with stack.units.begin() as unit:
        await revoke_api_client(unit, "Stadt-App")
    assert await clients.find(stack.api_key) is not None
    now[0] = REMEMBERED_S + 1
    assert await clients.find(stack.api_key) is None
