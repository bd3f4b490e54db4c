"""The pages of mails' links and the mails themselves, as Chromium and axe see them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from melder_notify.domain.addresses import parse_address
from melder_notify.domain.letters import Links, Matter, write_closing, write_receipt, write_status
from melder_notify.domain.news import News, Topic
from melder_notify.store.mail_message import Envelope, MailWriter, Postmark
from melder_notify.store.translations import Languages
from melder_web import Pages, install_pages
from melder_web.testing import axe_violations, chromium, overflow, serve, watch

__all__ = ["chromium"]
pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PAGES = [
    ("confirm", {}),
    ("confirm", {"done": True}),
    ("confirm", {"gone": True}),
    ("unsubscribe", {}),
    ("unsubscribe", {"done": True}),
    ("not-me", {}),
    ("not-me", {"done": True}),
    ("refused", {}),
    ("refused", {"expired": True}),
]
MATTER = Matter("K7M4Q2XA", "Rostock und Landkreis Rostock", "Schlagloch", "Broderstorf", "Amt")
LINKS = Links(*(f"https://melder.example/{word}" for word in ("m", "confirm", "stop", "not-me")))
WORDS = Languages(("de",), zone="Europe/Berlin").speak("de")
NEWS = News(Topic.STATE, NOW, body="Amt Carbäk", text="Montag geht es los.", state="planned")
LETTERS = {
    "receipt": write_receipt(MATTER, LINKS, WORDS, confirmed=False),
    "status": write_status([NEWS, NEWS], MATTER, LINKS, WORDS),
    "closing": write_closing(NEWS, [NEWS], MATTER, LINKS, WORDS),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pages = Pages("melder_notify")

    async def show(request: Request) -> Response:
        state = {"done": False, "gone": False, "expired": False, "number": "K7M4Q2XA"}
        state |= dict.fromkeys(request.query_params, True)
        return pages.render(request, f"me/{request.path_params['page']}.html", **state)

    app = Starlette(routes=[Route("/me/{page}", show)])
    install_pages(app, pages)
    with serve(app) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("page_name", "state"), PAGES)
def test_every_page_of_a_link(
    chromium: Browser, address: str, page_name: str, state: dict[str, bool], scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 800}, color_scheme=scheme)
    seen = watch(page)
    page.goto(f"{address}/me/{page_name}?{'&'.join(f'{name}=1' for name in state)}")
    assert axe_violations(page) == []
    assert overflow(page) == 0
    assert page.locator("h1").count() == 1
    seen.assert_clean()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", LETTERS)
def test_every_mail(chromium: Browser, tmp_path: Path, kind: str, scheme: str) -> None:
    envelope = Envelope(
        mail_id=uuid4(),
        recipient=parse_address("anna@example.org"),
        number=MATTER.number,
        region=MATTER.region,
        language="de",
        unsubscribe_url=LINKS.unsubscribe,
        sent_at=NOW,
    )
    raw = MailWriter(Postmark("m@melder.example")).write(LETTERS[kind], envelope)
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    part = mail.get_body(("html",))
    assert part is not None
    (tmp_path / "mail.html").write_text(part.get_content())
    page = chromium.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    seen = watch(page)
    page.goto(f"file://{tmp_path}/mail.html")
    assert axe_violations(page, without=("landmark-one-main", "region")) == []  # mails have none
    assert overflow(page) == 0
    assert seen.errors == seen.refused == []
    page.close()
