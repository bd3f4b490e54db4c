"""Nobody's work is overwritten, nobody's typing is lost, a second click does nothing."""

from typing import Any

import pytest

from melder_common import events

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
