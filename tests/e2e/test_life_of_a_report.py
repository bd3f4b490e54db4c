"""The story of docs/life-of-a-report.md, three times: by two kinds of web form, and by an app."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from melder_local.people import Citizen
from melder_local.system import System, eventually

from .browsing import Windows
from .clerk_at_desk import ClerkAtDesk
from .doors import App, Damage, Door, FormWithoutScripts, FormWithScripts
from .mailbox import Mailbox, link_to, message_id, thread_of
from .pictures import CAMERA, metadata, photo_from_a_phone

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

BRODERSTORF = (54.0800, 12.2700)
WORDS = "Die Linde vor Haus 7 ist umgestürzt. Rückfragen an Frau Musterfrau, 0381 1234567."
PUBLIC_WORDS = "Die Linde vor Haus 7 ist umgestürzt."
QUESTION = "Liegt der Baum auf der Fahrbahn oder auf dem Gehweg?"
ANSWER = "Auf dem Gehweg, man kommt gerade noch vorbei."
PLANNED = "Der Bauhof kommt morgen früh."
CLOSED = "Der Baum ist zersägt und abgefahren."


@pytest.fixture
def windows(system: System, chromium: Browser) -> Iterator[Windows]:
    windows = Windows(chromium, system.url)
    yield windows
    windows.close()


@pytest.fixture
def public(system: System) -> Iterator[Citizen]:
    with Citizen(system.url) as anybody:
        yield anybody


@pytest.mark.parametrize(
    "door",
    [FormWithoutScripts(), FormWithScripts(), App()],
    ids=["form without scripts", "form with scripts", "app"],
)
def test_life_of_a_report(system: System, windows: Windows, public: Citizen, door: Door) -> None:
    mailbox = Mailbox(system, f"{uuid4().hex[:10]}@buerger.example")
    photo = photo_from_a_phone(*BRODERSTORF)

    # 1, 2: photo and report arrive
    damage = Damage("tree-damage", *BRODERSTORF, WORDS, photo, mailbox.address)
    sent = door.report(system, windows, damage)
    number = sent.number

    # 4: somebody is responsible, and somebody else does the work
    shown = eventually(lambda: public.routed(number), what="routing")
    assert shown["agency_responsible"] == "Gemeinde Broderstorf"
    assert "Bearbeitet wird die Meldung vom Amt Carbäk" in shown["service_notice"]
    assert shown["status"] == "open"

    # 5: the receipt says so, without a word of the reporter's; the address is confirmed by hand
    receipt = mailbox.wait_for("ist angekommen")
    assert "Gemeinde Broderstorf" in receipt["text"]
    assert number in receipt["text"]
    assert message_id(receipt).endswith("@rostock.example>")
    for word in ("Linde", "Musterfrau", "1234567"):
        assert word not in receipt["text"] + receipt["html"] + receipt["subject"]
    tracking = link_to(receipt, "/m")
    assert sent.tracking in (None, tracking)

    reporter = windows.open(scripts=door.scripts)
    a_mail_scanner_follows_every_link(receipt["text"])
    confirm_address(reporter, link_to(receipt, "/me/confirm"))

    # 6: a clerk works; 3: the photo is there, clean, and nobody else sees it
    clerk = ClerkAtDesk(system, windows.open(scripts=door.scripts), "amt-carbaek")
    clerk.take_from_list(number)
    clerk.accept()
    clerk.claim()
    clerk.wait_until_shown("Adresse bestätigt")
    clerk.ask(QUESTION)

    question = mailbox.wait_for("Rückfrage")
    assert QUESTION in question["text"]
    assert message_id(receipt) in thread_of(question)
    answer_question(reporter, link_to(question, "/m"))
    clerk.wait_until_shown(ANSWER)

    photo_id = clerk.photo_id()
    assert clerk.sees_the_photo()
    assert seen_by_everybody(system, photo_id).status_code == 404
    assert public.request(number)["description"] in (None, "")
    clerk.release_photo()
    clerk.release_text(PUBLIC_WORDS)
    clerk.plan(PLANNED)
    clerk.close(CLOSED)

    # 6: the reporter hears of it, in the same thread
    closing = mailbox.wait_for("ist erledigt")
    assert CLOSED in closing["text"]
    assert message_id(receipt) in thread_of(closing)
    assert any(PLANNED in mail["text"] for mail in mailbox.all())
    ids = [message_id(mail) for mail in mailbox.all()]
    assert len(ids) == len(set(ids)), "no mail comes twice"

    # 7: everybody can follow: Open311, the photo without its secrets, the public page
    shown = eventually(lambda: closed_with_photo(public, number), what="the public view")
    assert shown["description"] == PUBLIC_WORDS
    assert shown["status_notes"] == CLOSED
    picture = httpx.get(shown["media_url"])
    assert picture.status_code == 200
    assert metadata(picture.content) == {}
    assert CAMERA.encode() in photo
    assert CAMERA.encode() not in picture.content
    assert seen_by_everybody(system, photo_id).status_code == 200
    follow_in_public(reporter, number)

    # 8: is it really fixed?
    say_that_it_is_fixed(reporter, tracking)
    clerk.wait_until_shown("Rückmeldung zum Ergebnis")


def a_mail_scanner_follows_every_link(text: str) -> None:
    """GET alone confirms, cancels and erases nothing."""
    for link in (word for word in text.split() if "/me/" in word):
        assert httpx.get(link).status_code == 200


def confirm_address(reporter: Page, link: str) -> None:
    reporter.goto(link)
    reporter.get_by_role("main").get_by_role("button", name="Ja, Adresse bestätigen").click()
    expect(reporter.get_by_text("Danke, Ihre Adresse ist bestätigt")).to_be_visible()


def answer_question(reporter: Page, link: str) -> None:
    reporter.goto(link)
    asked = reporter.get_by_role("region", name="Eine Frage an Sie")
    expect(asked.get_by_text(QUESTION)).to_be_visible()
    reporter.get_by_label("Ihre Antwort").fill(ANSWER)
    reporter.get_by_role("button", name="Antwort senden").click()
    expect(reporter.get_by_text("Danke, das ist angekommen.")).to_be_visible()
    expect(reporter.get_by_text(ANSWER)).to_be_visible()


def seen_by_everybody(system: System, photo_id: str) -> httpx.Response:
    return httpx.get(f"{system.url}/photos/{photo_id}/full.webp")


def closed_with_photo(public: Citizen, number: str) -> dict[str, str] | None:
    shown = public.request(number)
    return shown if shown["status"] == "closed" and shown["media_url"] else None


def follow_in_public(reporter: Page, number: str) -> None:
    reporter.goto(f"/meldungen/{number}")
    main = reporter.get_by_role("main")
    expect(main.get_by_text(PUBLIC_WORDS, exact=True)).to_be_visible()
    expect(main.get_by_text("Erledigt").first).to_be_visible()
    expect(main.get_by_text(CLOSED)).to_be_visible()
    expect(main.get_by_role("img", name="Foto 1 zur Meldung")).to_be_visible()
    for secret in ("Musterfrau", "1234567", QUESTION, ANSWER):
        expect(main.get_by_text(secret)).to_have_count(0)


def say_that_it_is_fixed(reporter: Page, tracking: str) -> None:
    reporter.goto(tracking)
    reporter.get_by_label("Ja, es ist behoben").check()
    reporter.get_by_role("button", name="Rückmeldung senden").click()
    expect(reporter.get_by_text("Sie haben gesagt: Es ist behoben.")).to_be_visible()
