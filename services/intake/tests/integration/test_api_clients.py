"""Clients of Open311: keys that change over, quotas of all processes, services, no key in any log."""

import io
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from melder_common.logging import configure_logging
from melder_intake.domain.api_client import ClientRefused
from melder_intake.store.api_clients import find_client
from melder_intake.store.client_tables import api_client_quota
from melder_intake.use_cases import manage_api_client as manage

V2 = "/open311/v2"
GOOD = {"service_code": "road-pothole", "lat": "54.0887", "long": "12.1405", "description": "Loch"}


@pytest.fixture
def create(stack: Any) -> Any:
    async def make(name: str = "Neue App", per_minute: int = 1000, **facts: Any) -> str:
        async with stack.units.begin() as unit:
            return await manage.create_api_client(
                unit, name=name, requests_per_minute=per_minute, **facts
            )

    return make


@pytest.fixture
def send(client: Any) -> Any:
    async def post(key: str, form: str = "json", **changes: Any) -> Any:
        return await client.post(f"{V2}/requests.{form}", data=GOOD | {"api_key": key} | changes)

    return post


async def test_two_keys_are_good_until_the_overlap_ends(stack: Any, create: Any) -> None:
    old = await create()
    async with stack.units.begin() as unit:
        new, until = await manage.rotate_key(unit, "neue app", overlap=timedelta(days=3))
    assert new != old
    async with stack.units.engine.connect() as connection:
        for now, good in (
            (until - timedelta(seconds=1), {old, new}),
            (until + timedelta(seconds=1), {new}),
        ):
            found = {key for key in (old, new) if await find_client(connection, key, now)}
            assert found == good
        kept = (await connection.execute(text("SELECT * FROM intake.api_client"))).all()
    assert old not in str(kept)
    assert new not in str(kept)


async def test_a_third_key_needs_the_word_of_the_operator(stack: Any, create: Any) -> None:
    await create()
    overlap = timedelta(days=3)
    async with stack.units.begin() as unit:
        second, _ = await manage.rotate_key(unit, "Neue App", overlap=overlap)
    with pytest.raises(ClientRefused, match="--end-previous"):
        async with stack.units.begin() as unit:
            await manage.rotate_key(unit, "Neue App", overlap=overlap)
    async with stack.units.begin() as unit:
        third, _ = await manage.rotate_key(unit, "Neue App", overlap=overlap, end_previous=True)
        assert await find_client(unit.connection, second, unit.now)
        assert await find_client(unit.connection, third, unit.now)


async def test_a_revoked_client_loses_both_keys_and_frees_its_name(stack: Any, create: Any) -> None:
    old = await create()
    async with stack.units.begin() as unit:
        new, _ = await manage.rotate_key(unit, "Neue App", overlap=timedelta(days=3))
        await manage.revoke_api_client(unit, "Neue App")
        assert not await find_client(unit.connection, old, unit.now)
        assert not await find_client(unit.connection, new, unit.now)
    await create()
    with pytest.raises(ClientRefused, match="already"):
        await create("NEUE APP")


async def test_a_client_reports_only_what_it_may(create: Any, send: Any, stack: Any) -> None:
    key = await create(services=["light-broken"])
    refused = await send(key)
    assert refused.status_code == 403
    (error,) = refused.json()
    assert error["description"].startswith("service_code: ")
    assert "light-broken" in error["description"]
    assert (await send(key, "xml")).headers["content-type"] == "text/xml; charset=utf-8"
    assert await stack.count("report") == 0
    assert (await send(key, service_code="no-such")).status_code == 404
    assert (await send(key, service_code="")).status_code == 400
    asked = {"service_code": "light-broken", "attribute[FAULT]": "dark"}
    assert (await send(key, **asked)).status_code == 200


async def test_unknown_services_are_refused(create: Any) -> None:
    with pytest.raises(ClientRefused, match="no-such"):
        await create(services=["no-such", "road-pothole"])


async def test_two_processes_count_one_quota(
    stack: Any, create: Any, make_settings: Any, database_url: Any, pages: Any
) -> None:
    from melder_intake.main import assemble, build_parts, build_service

    key = await create(per_minute=4, requests_per_day=1000)
    service = build_service(make_settings(database_url))
    other = assemble(service, build_parts(make_settings(database_url), service, pages=pages))
    answers = []
    for n in range(8):
        transport = httpx.ASGITransport(app=(stack.app, other)[n % 2])
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as app:
            answers.append(await app.post(f"{V2}/requests.json", data=GOOD | {"api_key": key}))
    await service.engine.dispose()
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 4
    assert int(answers[-1].headers["retry-after"]) <= 60
    assert "4 je Minute, 1000 am Tag" in answers[-1].json()[0]["description"]
    async with stack.units.begin() as unit:
        record = await manage.require_client(unit, "Neue App")
    assert record.last_used_on == datetime.now(UTC).date()


async def test_the_quota_of_the_day_is_told_in_xml_too(create: Any, send: Any) -> None:
    key = await create(requests_per_day=1)
    assert (await send(key)).status_code == 200
    refused = await send(key, "xml")
    assert refused.status_code == 429
    assert refused.text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<errors><error>')
    assert int(refused.headers["retry-after"]) > 3600


async def test_a_clock_that_was_set_back_shuts_nobody_out(
    stack: Any, create: Any, send: Any
) -> None:
    key = await create(per_minute=4, requests_per_day=5)
    assert (await send(key)).status_code == 200
    async with stack.units.begin() as unit:  # as written by the clock before
        later = update(api_client_quota).values(full_until=datetime.now(UTC) + timedelta(days=30))
        await unit.connection.execute(later)
    assert [(await send(key)).status_code for _ in range(5)] == [200] * 4 + [429]


CANARY = "melder_canary-4711-Wo_ist_der_Schluessel-0815-abcdef"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Everything this service would write to its log while the test runs."""
    written = io.TextIOWrapper(io.BytesIO(), write_through=True)
    monkeypatch.setattr(sys, "stdout", written)
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    import structlog

    configured = structlog.get_config()
    configure_logging("intake", "DEBUG")
    structlog.configure(cache_logger_on_first_use=False)
    yield lambda: written.buffer.getvalue().decode()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.configure(**configured)


PLACES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("body", {"data": {"api_key": CANARY}}),
    ("multipart", {"data": {"api_key": CANARY}, "files": {"media": ("a.jpg", b"x", "image/jpeg")}}),
    ("query", {"params": {"api_key": CANARY}}),
    ("header", {"headers": {"X-API-Key": CANARY}}),
    ("other header", {"headers": {"Api-Key": CANARY}}),
)


@pytest.mark.parametrize("right", [True, False], ids=["a right key", "a wrong key"])
async def test_no_key_in_logs_or_answers(
    logged: Any, stack: Any, client: Any, monkeypatch: pytest.MonkeyPatch, *, right: bool
) -> None:
    if right:
        monkeypatch.setattr(manage, "_new_key", lambda: CANARY)
        async with stack.units.begin() as unit:
            await manage.create_api_client(unit, name="Kanarie", requests_per_minute=1)
    answers = []
    for _, sent in PLACES:
        for form in ("json", "xml"):
            whole = sent | {"data": GOOD | sent.get("data", {})}
            answers.append(await client.post(f"{V2}/requests.{form}", **whole))
            answers.append(await client.post(f"{V2}/servicerequestupdates.{form}", **whole))
    kinds = {answer.status_code for answer in answers}
    assert kinds == ({200, 429} if right else {403})
    logging.getLogger("uvicorn.access").info("POST %s?api_key=%s", f"{V2}/requests.json", CANARY)
    for answer in answers:
        assert CANARY not in answer.text
        assert CANARY not in str(answer.headers)
    told = logged()
    assert '"route":"/open311/v2/requests.{form}"' in told
    assert "canary-4711" not in told


def _operate(*words: str) -> Any:
    from melder_intake.commands import operator

    return CliRunner().invoke(operator, ["api-key", *words])


def test_the_commands(
    databases: Any, postgres: Any, secrets: Path, run_apart: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = run_apart(databases.clone("intake"))
    url = postgres.url(name, "melder_intake")
    for key, value in {
        "DATABASE_URL": url,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PORT": "8101",
        "INTERNAL_TOKEN_FILE": secrets / "internal_token",
        "TRACKING_KEY_FILE": secrets / "tracking_key",
        "FORM_KEY_FILE": secrets / "form_key",
        "SEALING_PUBLIC_DIR": secrets / "public",
    }.items():
        monkeypatch.setenv(f"INTAKE_{key}", str(value))

    def good(key: str) -> bool:
        async def find() -> bool:
            engine = create_async_engine(url)
            async with engine.connect() as connection:
                found = await find_client(connection, key, datetime.now(UTC))
            await engine.dispose()
            return found is not None

        return bool(run_apart(find()))

    made = _operate("create", "Stadt-App", "--per-minute", "5", "--contact", "it@stadt.example")
    assert made.exit_code == 0, made.output
    first = made.stdout.strip()
    assert good(first)
    assert "already" in _operate("create", "stadt-app").stderr
    renewed = _operate("rotate", "Stadt-App", "--overlap-days", "2")
    second = renewed.stdout.strip()
    assert "good until" in renewed.stderr
    assert good(first)
    assert good(second)
    assert _operate("rotate", "Stadt-App").exit_code == 1
    third = _operate("rotate", "Stadt-App", "--overlap-days", "0", "--end-previous").stdout.strip()
    assert [good(key) for key in (first, second, third)] == [False, False, True]
    assert _operate("change", "Stadt-App", "--per-day", "7", "--peer").exit_code == 0
    shown = _operate("show", "Stadt-App").stdout
    assert "quota      5/minute, 7/day" in shown
    assert "contact    it@stadt.example" in shown
    assert "peer       yes" in shown
    assert third not in shown
    assert _operate("list").stdout == "Stadt-App\t5/minute, 7/day\tused never\tactive\n"
    assert _operate("revoke", "Stadt-App").exit_code == 0
    assert not good(third)
    missing = _operate("revoke", "Stadt-App")
    assert missing.exit_code == 1
    assert "no client" in missing.stderr
    assert "revoked" in _operate("list", "--revoked").stdout
    assert _operate("change", "Stadt-App").exit_code == 1
    run_apart(databases.drop(name))
