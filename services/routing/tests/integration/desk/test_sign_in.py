"""Signing in: rotated sessions, throttled tries, nothing told about who exists."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.clock import utc_now
from melder_routing.domain.sign_in import IDLE, LONGEST, PER_LOGIN

pytestmark = pytest.mark.integration

PASSWORD = "ein langes Wort 7"


async def post(client: Any, login: str, password: str = PASSWORD, **more: str) -> Any:
    return await client.post("/desk/login", data={"login": login, "password": password, **more})


async def test_the_cookie_is_guarded_and_leads_to_the_desk(world: Any) -> None:
    client = world.client()
    answer = await post(client, "ANNA@nord.example ")
    assert answer.headers["location"] == "/desk/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await client.get("/desk/")).status_code == 200


async def test_a_new_session_replaces_the_one_that_was_sent(world: Any) -> None:
    client = world.client()
    await post(client, "anna@nord.example")
    former = client.cookies["desk_session"]
    await post(client, "anna@nord.example")
    assert client.cookies["desk_session"] != former
    stolen = world.client()
    stolen.cookies.set("desk_session", former)
    assert (await stolen.get("/desk/")).status_code == 303


async def test_a_planted_session_is_never_adopted(world: Any) -> None:
    client = world.client()
    client.cookies.set("desk_session", "planted")
    await post(client, "anna@nord.example")
    assert await world.scalar("SELECT count(*) FROM routing.session") == 1
    attacker = world.client()
    attacker.cookies.set("desk_session", "planted")
    assert (await attacker.get("/desk/")).status_code == 303


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anna@nord.example", "falsch"),
        ("nobody@nord.example", PASSWORD),
        ("", ""),
        ("a\x00b", "x"),
        ("anna@nord.example", "x" * 5000),
    ],
)
async def test_wrong_pairs_read_the_same(world: Any, login: str, password: str) -> None:
    answer = await post(world.client(), login, password)
    assert answer.status_code == 422
    assert "Name und Passwort passen nicht zusammen." in answer.text
    assert "set-cookie" not in answer.headers


async def test_tries_are_throttled_even_with_the_right_password(world: Any) -> None:
    client = world.client()
    for _ in range(PER_LOGIN):
        assert (await post(client, "anna@nord.example", "falsch")).status_code == 422
    answer = await post(client, "anna@nord.example")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (await post(client, "bert@sued.example")).status_code == 303, "others are not shut out"
    world.clock.fixed = utc_now() + timedelta(minutes=16)
    assert (await post(client, "anna@nord.example")).status_code == 303


async def test_success_forgives_earlier_failures(world: Any) -> None:
    client = world.client()
    for _ in range(3):
        for _ in range(PER_LOGIN - 1):
            await post(client, "anna@nord.example", "falsch")
        assert (await post(client, "anna@nord.example")).status_code == 303


async def test_nothing_stored_tells_passwords_tokens_or_addresses(world: Any) -> None:
    client = world.client()
    await post(client, "anna@nord.example", "falsch")
    await post(client, "anna@nord.example")
    token = client.cookies["desk_session"]
    dump = await world.scalar(
        "SELECT (SELECT string_agg(s::text, '') FROM routing.session s)"
        " || (SELECT string_agg(c::text, '') FROM routing.clerk c)"
    )
    assert token not in dump
    assert PASSWORD not in dump
    assert "$argon2id$" in dump


async def test_signing_out_ends_the_session(world: Any, anna: Any) -> None:
    page = (await anna.client.get("/desk/")).text
    csrf = re.search('name="csrf" value="([^"]+)"', page)
    assert csrf
    token = anna.client.cookies["desk_session"]
    answer = await anna.client.post("/desk/logout", data={"csrf": csrf.group(1)})
    assert answer.headers["location"] == "/desk/login"
    again = world.client()
    again.cookies.set("desk_session", token)
    assert (await again.get("/desk/")).status_code == 303


@pytest.mark.parametrize("later", [IDLE, LONGEST])
async def test_sessions_end_by_themselves(world: Any, anna: Any, later: timedelta) -> None:
    world.clock.fixed = utc_now() + later + timedelta(seconds=1)
    assert (await anna.client.get("/desk/")).status_code == 303


async def test_a_retired_clerk_is_out_at_once(world: Any, anna: Any) -> None:
    async with world.worker.begin() as unit:
        await unit.connection.execute(text("UPDATE routing.clerk SET active = false"))
    assert (await anna.client.get("/desk/")).status_code == 303
    assert (await post(world.client(), "anna@nord.example")).status_code == 422


async def test_a_form_sent_after_the_end_says_so(world: Any) -> None:
    number = (await world.open_case()).report.number
    answer = await world.client().post(f"/desk/cases/{number}/accept", data={})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example/desk/", "/desk/../../x//y", "/desk/\\evil", "/me/x"],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(world: Any, back: str) -> None:
    answer = await post(world.client(), "anna@nord.example", next=back)
    assert answer.headers["location"] == "/desk/"


async def test_the_way_back_is_kept(world: Any) -> None:
    client = world.client()
    needed = await client.get("/desk/border")
    assert needed.headers["location"] == "/desk/login?next=/desk/border"
    answer = await post(client, "anna@nord.example", next="/desk/border")
    assert answer.headers["location"] == "/desk/border"
