"""The pages of mails' links: GET asks, POST acts."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from melder_notify.http.me import build_router
from melder_web import Pages, install_pages

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages("melder_notify")


@pytest.fixture
async def browser(town: Any, pages: Pages) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(build_router(town.office, town.units, pages))
    install_pages(app, pages)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://melder.example") as client:
        yield client


@pytest.fixture
async def receipt(town: Any) -> Any:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    return town.sink.received[0]


async def contact_state(town: Any) -> str:
    return (await town.row("SELECT state FROM notify.contact")).state


@pytest.mark.parametrize(
    ("act", "button", "outcome"),
    [
        ("confirm", "Ja, Adresse bestätigen", "confirmed"),
        ("not-me", "Das war ich nicht, Adresse löschen", "not_me"),
    ],
)
async def test_only_pressing_the_button_acts(
    town: Any, browser: httpx.AsyncClient, receipt: Any, *, act: str, button: str, outcome: str
) -> None:
    path = town.link(receipt, act)
    for _ in range(3):
        page = await browser.get(path)
        assert page.status_code == 200
        assert button in page.text
        assert 'method="post"' in page.text
    assert await contact_state(town) == "unconfirmed"

    for _ in range(2):
        page = await browser.post(path)
        assert page.status_code == 200
        assert button not in page.text
        assert await contact_state(town) == outcome
    assert button not in (await browser.get(path)).text


async def test_confirming_is_said_once(town: Any, browser: httpx.AsyncClient, receipt: Any) -> None:
    path = town.link(receipt, "confirm")
    await browser.post(path)
    await browser.post(path)
    names = [said.event.NAME for said in await town.spoken()]
    assert names.count("contact.confirmed.v1") == 1


async def test_one_click_unsubscribes_without_cookie_or_page(
    town: Any, browser: httpx.AsyncClient
) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "planned"))
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    url = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url.startswith("https://melder.example/me/unsubscribe/")
    answer = await browser.post(
        url.removeprefix("https://melder.example"),
        content="List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    assert await contact_state(town) == "unsubscribed"

    await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(hours=2)
    assert len(town.sink.received) == 1


async def test_a_link_is_good_for_seven_days(
    town: Any, browser: httpx.AsyncClient, receipt: Any
) -> None:
    path = town.link(receipt, "confirm")
    town.now = town.now.replace(day=30, hour=10)
    for answer in (await browser.get(path), await browser.post(path)):
        assert answer.status_code == 410
        assert "gilt nicht mehr" in answer.text
    assert await contact_state(town) == "unconfirmed"


async def test_an_erased_address_cannot_be_confirmed(
    town: Any, browser: httpx.AsyncClient, receipt: Any
) -> None:
    await browser.post(town.link(receipt, "not-me"))
    answer = await browser.get(town.link(receipt, "confirm"))
    assert "schon gelöscht" in answer.text
    assert (await browser.post(town.link(receipt, "confirm"))).status_code == 410
    assert await contact_state(town) == "not_me"


@pytest.mark.parametrize("act", ["confirm", "unsubscribe", "not-me"])
@pytest.mark.parametrize("token", ["x", "x" * 54, "%00", "ü" * 20, "a" * 5000])
async def test_made_up_links_get_an_answer(
    town: Any, browser: httpx.AsyncClient, act: str, token: str
) -> None:
    for method in ("GET", "POST"):
        answer = await browser.request(method, f"/me/{act}/{token}")
        assert answer.status_code == 404
        assert "Dieser Link stimmt nicht" in answer.text


async def test_pages_are_private(town: Any, browser: httpx.AsyncClient, receipt: Any) -> None:
    answer = await browser.get(town.link(receipt, "confirm"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "kanarienvogel" not in answer.text.lower()
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


async def test_the_form_of_a_browser_is_accepted(
    town: Any, browser: httpx.AsyncClient, receipt: Any
) -> None:
    answer = await browser.post(
        town.link(receipt, "confirm"),
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 200
    assert await contact_state(town) == "confirmed"
