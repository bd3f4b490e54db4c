"""Nobody's work is overwritten, nobody's typing is lost, a second click does nothing."""

import re
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from melder_common import events
from melder_common.edges import AnswerErrors

pytestmark = pytest.mark.integration


async def test_a_stale_form_shows_what_changed_and_keeps_the_text(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    stale = await anna.fill(number)
    nina = await world.sign_in("nina@nord.example")
    await nina.do(number, "accept")
    answer = await anna.send(number, "message", stale, message="Mein langer <Text>")
    assert answer.status_code == 409
    assert "Inzwischen hat sich der Fall geändert" in answer.text
    assert "Eingegangen → Angenommen" in answer.text
    assert "Nina Nord" in answer.text
    assert "Mein langer &lt;Text&gt;</textarea>" in answer.text
    assert await world.said(events.CaseMessagePosted) == []


async def test_the_409_page_can_be_sent_at_once(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    stale = await anna.fill(number)
    nina = await world.sign_in("nina@nord.example")
    await nina.do(number, "accept")
    refused = await anna.send(number, "message", stale, message="Noch einmal")
    again = await anna.send(
        number, "message", anna.hidden_fields(refused.text), message="Noch einmal"
    )
    assert again.status_code == 303
    assert len(await world.said(events.CaseMessagePosted)) == 1


async def test_a_double_click_acts_once(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    form = await anna.fill(number)
    for _ in range(2):
        answer = await anna.send(number, "message", form, message="Einmal")
        assert answer.status_code == 303
    assert len(await world.said(events.CaseMessagePosted)) == 1
    assert (await world.row(number)).version == 2


async def test_other_words_on_a_used_form_are_stale_not_lost(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    form = await anna.fill(number)
    await anna.send(number, "message", form, message="Erstens")
    answer = await anna.send(number, "message", form, message="Zweitens")
    assert answer.status_code == 409
    assert "Zweitens</textarea>" in answer.text


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999", "0"])
async def test_an_invented_version_is_stale(world: Any, anna: Any, version: str) -> None:
    number = (await world.open_case()).report.number
    form = {**await anna.fill(number), "version": version}
    assert (await anna.send(number, "accept", form)).status_code == 409


async def test_a_form_of_another_session_is_refused(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    nina = await world.sign_in("nina@nord.example")
    foreign = await nina.fill(number)
    for form in (foreign, {**foreign, "csrf": ""}, {"version": foreign["version"]}):
        assert (await anna.send(number, "accept", form)).status_code == 403
    assert (await world.row(number)).state == "received"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_a_form_from_elsewhere_is_refused(
    world: Any, anna: Any, headers: dict[str, str]
) -> None:
    number = (await world.open_case()).report.number
    form = await anna.fill(number)
    address = f"/desk/cases/{number}/accept"
    answer = await anna.client.post(address, data=form, headers=headers)
    assert answer.status_code == 403
    assert (await world.row(number)).state == "received"


@pytest.fixture
def without_database(open_world: Any) -> Any:
    """The same pages over a database that is away."""
    away = open_world.build("postgresql+asyncpg://routing_worker@127.0.0.1:9/none")
    away.app.add_middleware(AnswerErrors, app_with_answers=away.app)
    return away.app


async def test_without_a_database_the_text_comes_back_and_can_be_sent_again(
    world: Any, anna: Any, without_database: Any
) -> None:
    number = (await world.open_case()).report.number
    form = {**await anna.fill(number), "message": "Mein langer <Text>", "public": "on"}
    path = f"/desk/cases/{number}/message"
    async with AsyncClient(
        transport=ASGITransport(without_database),
        base_url="http://127.0.0.1",
        cookies=anna.client.cookies,
    ) as client:
        refused = await client.post(path, data=form)
    assert (refused.status_code, refused.headers["cache-control"]) == (503, "no-store")
    assert "Mein langer &lt;Text&gt;</textarea>" in refused.text
    assert "data-melder-back" not in refused.text, "with no-store the way back loses the text"
    assert f'action="{path}"' in refused.text
    again = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', refused.text))
    sent = await anna.client.post(path, data={**again, "message": form["message"]})
    assert sent.status_code == 303
    (posted,) = await world.said(events.CaseMessagePosted)
    assert (posted.text, posted.public) == ("Mein langer <Text>", True)


async def test_a_text_outlives_the_session(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    form = await anna.fill(number)
    anna.client.cookies.clear()
    refused = await anna.send(number, "message", form, message="Mein langer Text")
    assert refused.status_code == 401
    assert "Mein langer Text</textarea>" in refused.text
    assert "In neuem Fenster anmelden" in refused.text
