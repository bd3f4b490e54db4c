"""The database has no room, or is away: 503 in the caller's format, and no typing is lost.

The error is PostgreSQL's own (SQLSTATE 53100), raised by a trigger as a full disk raises it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from melder_common.database import make_engine
from melder_common.events import ReportCommented

REPORT = {
    "service_code": "road-pothole",
    "lat": "54.0887",
    "long": "12.1405",
    "description": "Tiefes Loch & <b>nass</b>",
    "email": "anna@example.org",
}
FORM = REPORT | {"address": "Lange Straße 1", "phone": "0381 1234567", "step": "senden"}
KEPT = (
    "Tiefes Loch &amp; &lt;b&gt;nass&lt;/b&gt;",
    "anna@example.org",
    "Lange Straße 1",
    "0381 1234567",
)
FULL = """
CREATE FUNCTION intake.no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON intake.report
    FOR EACH STATEMENT EXECUTE FUNCTION intake.no_room();
"""
ROOM = "DROP FUNCTION IF EXISTS intake.no_room() CASCADE"


@pytest.fixture
async def disk(stack: Any) -> AsyncIterator[Any]:
    """A disk that ``fill`` fills and ``make_room`` empties."""
    engine = make_engine(
        stack.parts.settings.database_url, application_name="disk", pool_size=1
    )  # as the owner of the schema

    class Disk:
        async def fill(self) -> None:
            async with engine.begin() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.execute(FULL)

        async def make_room(self) -> None:
            async with engine.begin() as connection:
                await connection.execute(text(ROOM))

    yield Disk()
    await Disk().make_room()
    await engine.dispose()


async def test_the_form_comes_back_as_it_was_typed(
    client: Any, stack: Any, disk: Any, form_token: Any
) -> None:
    token = form_token((await client.get("/melden")).text)
    await disk.fill()
    refused = await client.post("/melden", data=FORM | {"form_token": token})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "können wir gerade nicht speichern" in refused.text
    for typed in KEPT:
        assert typed in refused.text
    assert form_token(refused.text) == token, "the same form: sent twice, it is one report"
    assert await stack.count("report") == 0

    await disk.make_room()
    assert (await client.post("/melden", data=FORM | {"form_token": token})).status_code == 303
    assert await stack.count("report") == 1


async def test_photos_in_the_form_are_asked_for_again(client: Any, disk: Any) -> None:
    await disk.fill()
    files = {"photo_file": ("loch.jpg", b"\xff\xd8\xff" + b"x" * 5000, "image/jpeg")}
    refused = await client.post("/melden", data=FORM, files=files)
    assert refused.status_code == 503
    assert "wählen Sie die Fotos neu aus" in refused.text
    assert KEPT[0] in refused.text


@asynccontextmanager
async def no_database(stack: Any) -> AsyncIterator[None]:
    engine = stack.units.engine

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    event.listen(engine.sync_engine, "do_connect", refuse)
    await engine.dispose()
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "do_connect", refuse)


async def test_the_form_comes_back_while_the_database_is_away(client: Any, stack: Any) -> None:
    await client.get("/melden")
    async with no_database(stack):
        refused = await client.post("/melden", data=FORM)
    assert refused.status_code == 503
    for typed in KEPT:
        assert typed in refused.text


@pytest.mark.parametrize(
    ("action", "field"),
    [("antwort", "text"), ("rueckmeldung", "feedback_text"), ("wiederoeffnen", "reason")],
)
async def test_words_on_a_report_come_back_while_the_database_is_away(
    client: Any, stack: Any, action: str, field: str
) -> None:
    sent = await client.post("/melden", data=REPORT)
    address = f"{sent.headers['location'].partition('?')[0]}/{action}"
    data = {field: "Es ist <b>noch</b> da", "fixed": "nein"}
    async with no_database(stack):
        refused = await client.post(address, data=data, headers={"Accept": "text/html"})
    assert (refused.status_code, refused.headers["cache-control"]) == (503, "no-store")
    assert "Es ist &lt;b&gt;noch&lt;/b&gt; da</textarea>" in refused.text
    assert f'action="{address}"' in refused.text
    assert 'name="fixed" value="nein"' in refused.text


async def test_words_that_came_back_are_sent_once(client: Any, stack: Any, form_token: Any) -> None:
    sent = await client.post("/melden", data=REPORT)
    address = sent.headers["location"].partition("?")[0]
    data = {"text": "Es ist noch da", "form_token": form_token((await client.get(address)).text)}
    async with no_database(stack):
        refused = await client.post(
            f"{address}/antwort", data=data, headers={"Accept": "text/html"}
        )
    again = data | {"form_token": form_token(refused.text)}
    for _ in range(2):
        assert (await client.post(f"{address}/antwort", data=again)).status_code == 303
    assert len(await stack.spoken(ReportCommented)) == 1


async def test_open311_says_it_in_its_own_documents(client: Any, stack: Any, disk: Any) -> None:
    await disk.fill()
    body = {"api_key": stack.api_key, **REPORT}
    in_json = await client.post("/open311/v2/requests.json", data=body)
    in_xml = await client.post("/open311/v2/requests.xml", data=body)
    with_file = await client.post(
        "/open311/v2/requests.json",
        data=body,
        files={"media": ("loch.jpg", b"\xff\xd8\xff" + b"x" * 5000, "image/jpeg")},
    )
    for answer in (in_json, in_xml, with_file):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    assert json.loads(in_json.text)[0]["code"] == "503"
    assert "<code>503</code>" in in_xml.text
    assert await stack.count("report") == 0
