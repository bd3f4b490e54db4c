"""How the pages are for people: axe, dark, narrow, without scripts, nothing foreign."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from typing import Any

import httpx
import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from melder_common.envelope import Heard
from melder_common.event_values import BodyRef, CaseState, CategoryRef, Place, PublicationPolicy
from melder_common.events import (
    CaseMessagePosted,
    CaseRouted,
    CaseStatusChanged,
    CaseTextReleased,
    Event,
)
from melder_common.ids import new_id
from melder_common.numbers import normalise_number
from melder_intake.bus import SUBSCRIPTIONS
from melder_intake.main import assemble, build_parts, build_service
from melder_intake.settings import IntakeSettings
from melder_intake.store.reports import find_report_id
from melder_intake.store.tables import metadata
from melder_web import Pages
from melder_web.testing import COLOUR_RULES, axe_violations, serve, watch

ROSTOCK = BodyRef(slug="rostock", name="Rostock")
GOOD = {
    "service_code": "road-pothole",
    "lat": "54.0887",
    "long": "12.1405",
    "address": "Lange Straße 1",
    "description": "Tiefes Loch",
}


class Town:
    """A served intake; ``hear`` tells it events, each in a loop of its own."""

    def __init__(
        self, url: str, settings: IntakeSettings, pages: Pages, run: Callable[..., Any]
    ) -> None:
        self.url = url
        self._run = run
        self._settings = settings
        self._pages = pages

    def send(self, **changes: str) -> str:
        """Send a report; the path of its tracking page."""
        sent = httpx.post(f"{self.url}/melden", data=GOOD | changes)
        assert sent.status_code == 303, sent.text
        return sent.headers["location"].partition("?")[0]

    def case(self, tracking: str, **changes: Any) -> dict[str, Any]:
        """Route the report behind a tracking path."""
        number = tracking.split("/")[2]
        case = {"case_id": new_id(), "report_id": self._report_id(number)}
        facts: dict[str, Any] = {
            "number": number,
            "status": "decided",
            "responsible": ROSTOCK,
            "working": ROSTOCK,
            "municipality": "Rostock",
            "reason": {
                "de": "Nach unseren Daten zuständig ist Rostock.",
                "en": "According to our data Rostock is responsible.",
            },
            "category": CategoryRef(slug="road-pothole", name={"de": "Schlagloch"}),
            "place": Place(lat=54.0887, long=12.1405, address="Lange Straße 1"),
            "policy": PublicationPolicy(text="at_once"),
            "usual_days": 4.0,
            "boundary_version": "2026",
        }
        self.hear(CaseRouted(**(case | facts | changes)))
        return case

    def hear(self, *events: Event) -> None:
        self._run(tell(self._settings, self._pages, events))

    def _report_id(self, number: str) -> Any:
        async def find() -> Any:
            service = build_service(self._settings)
            async with service.engine.connect() as connection:
                found = await find_report_id(connection, normalise_number(number) or "")
            await service.engine.dispose()
            return found

        return self._run(find())


async def tell(
    settings: IntakeSettings, pages: Pages, events: tuple[Event, ...], *, empty: bool = False
) -> None:
    service = build_service(settings)
    parts = build_parts(settings, service, pages=pages)
    if empty:
        tables = ", ".join(table.fullname for table in metadata.sorted_tables)
        async with service.engine.begin() as connection:
            await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    for event in events:
        at = datetime.now(UTC)
        report_id = getattr(event, "report_id", None)
        said: Heard[Any] = Heard(event, new_id(), event.SPEAKER, 1, 1, new_id(), report_id, at, {})
        async with service.units.begin() as unit:
            await SUBSCRIPTIONS[type(event)](unit, [said], parts)
    await service.engine.dispose()


@pytest.fixture
def town(
    database_url: str,
    make_settings: Callable[..., IntakeSettings],
    pages: Pages,
    run_apart: Callable[..., Any],
    catalogue_events: tuple[Event, ...],
) -> Iterator[Town]:
    settings = make_settings(database_url)
    run_apart(tell(settings, pages, catalogue_events, empty=True))
    service = build_service(settings)
    app = assemble(service, build_parts(settings, service, pages=pages))

    @app.get("/test/end")
    async def end() -> None:
        # connections must be closed in the loop that opened them: the server's
        await service.engine.dispose()

    with serve(app) as url:
        yield Town(url, settings, pages, run_apart)
        httpx.get(f"{url}/test/end")


@pytest.fixture
def addresses(town: Town) -> dict[str, str]:
    """Every page in every condition that looks different."""
    fresh, asked, done, secret = (town.send() for _ in range(4))
    case = town.case(asked)
    town.hear(
        CaseTextReleased(**case, text="Tiefes Loch"),
        CaseMessagePosted(
            **case,
            message_id=new_id(),
            kind="question",
            text="Auf dem Radweg?",
            body=ROSTOCK,
            posted_at=datetime.now(UTC),
        ),
    )
    town.hear(
        CaseStatusChanged(
            **town.case(done),
            state=CaseState.RESOLVED,
            previous=CaseState.ACCEPTED,
            message="Gefüllt.",
            body=ROSTOCK,
            changed_at=datetime.now(UTC),
        )
    )
    never = PublicationPolicy(text="never", photo="never", place="never")
    town.case(secret, policy=never)
    return {
        "start": "/",
        "form": "/melden",
        "list": "/meldungen",
        "nothing found": "/meldungen?zustand=erledigt&kategorie=waste-needles",
        "public": f"/meldungen/{asked.split('/')[2]}",
        "hidden": f"/meldungen/{secret.split('/')[2]}",
        "just sent": f"{fresh}?neu=1&fotos=verloren",
        "asked": asked,
        "resolved": f"{done}?dank=1",
        "privacy": "/datenschutz",
        "accessibility": "/barrierefreiheit",
        "imprint": "/impressum",
        "docs": "/docs",
        "not found": "/meldungen/nichts",
    }


def test_pages_are_accessible_in_light_and_dark(
    town: Town, addresses: dict[str, str], chromium: Browser
) -> None:
    found = {}
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    page = context.new_page()
    seen = watch(page)
    for name, address in addresses.items():
        page.emulate_media(color_scheme="light")
        page.goto(town.url + address)
        found[name] = axe_violations(page)
        page.emulate_media(color_scheme="dark")
        found[f"{name}, dark"] = axe_violations(page, only=COLOUR_RULES)
    context.close()
    assert {name: problems for name, problems in found.items() if problems} == {}
    seen.assert_clean()


def test_pages_fit_320_pixels(town: Town, addresses: dict[str, str], chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640}, locale="de-DE")
    page = context.new_page()
    wide = []
    for name, address in addresses.items():
        page.goto(town.url + address)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    context.close()
    assert wide == []


def fill(page: Page, town: Town) -> None:
    page.goto(f"{town.url}/melden")
    page.get_by_label("Kategorie").select_option("light-broken")
    page.get_by_label("Was sehen Sie?").fill("Dunkel seit gestern")
    page.get_by_label("flackert").check()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_questions_appear_with_the_category(
    town: Town, chromium: Browser, *, scripts: bool
) -> None:
    context = chromium.new_context(java_script_enabled=scripts, locale="de-DE")
    page = context.new_page()
    page.goto(f"{town.url}/melden")
    question = page.get_by_role("group", name="Was ist mit ihr?")
    expect(question).to_be_hidden()
    page.get_by_label("Kategorie").select_option("light-broken")
    expect(question).to_be_visible()
    page.get_by_label("Kategorie").select_option("road-pothole")
    expect(question).to_be_hidden()
    context.close()


def test_a_report_without_scripts_from_click_to_link(town: Town, chromium: Browser) -> None:
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 800}, locale="de-DE"
    )
    page = context.new_page()
    fill(page, town)
    picture = page.locator("input[name=map]")
    for _ in range(2):
        picture.click(position={"x": 160, "y": 170})
        expect(page.get_by_label("Was sehen Sie?")).to_have_value("Dunkel seit gestern")
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke für Ihre Meldung!")
    assert re.search(r"/m/\w{8}/[\w-]{32}", page.url)
    context.close()


def test_errors_and_preview_are_accessible(town: Town, chromium: Browser) -> None:
    context = chromium.new_context(locale="de-DE")
    page = context.new_page()
    fill(page, town)
    page.get_by_role("button", name="Vorschau").click()
    expect(page.get_by_role("heading", name="Das wird öffentlich")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert axe_violations(page) == []
    context.close()


def test_who_is_responsible_appears_by_itself(town: Town, chromium: Browser) -> None:
    context = chromium.new_context(locale="de-DE")
    page = context.new_page()
    seen = watch(page)
    tracking = town.send()
    page.goto(f"{town.url}{tracking}?neu=1")
    expect(page.locator(".m-receipt")).to_contain_text("wird gerade ermittelt")
    town.case(tracking)
    expect(page.locator(".m-receipt")).to_contain_text("Nach unseren Daten zuständig ist Rostock.")
    expect(page.locator(".m-timeline")).to_contain_text("Zuständige Stelle gefunden")
    expect(page.get_by_role("status")).to_have_text("Nach unseren Daten zuständig ist Rostock.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke für Ihre Meldung!")
    assert axe_violations(page) == []
    seen.assert_clean()
    context.close()


def test_pages_speak_english_throughout(
    town: Town, addresses: dict[str, str], chromium: Browser
) -> None:
    """No German sentence of ours is left on any page; names and people's own words are German."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    left = {}
    for name, address in addresses.items():
        page.goto(town.url + address)
        assert page.locator("html").get_attribute("lang") == "en"
        said = page.locator("body").inner_text()
        left[name] = [one for one in german_sentences() if re.search(rf"(?<!\w){one}(?!\w)", said)]
    context.close()
    assert {name: sentences for name, sentences in left.items() if sentences} == {}


def german_sentences() -> list[str]:
    """What our catalogues translate, as patterns; words that English shares are no sign."""
    found = []
    for package in ("melder_web", "melder_intake"):
        source = files(package).joinpath("locale", "en.po").read_bytes()
        for message in read_po(BytesIO(source)):
            german, english = (
                one if isinstance(one, str) else one[0] for one in (message.id, message.string)
            )
            if german and german != english:
                found.append(re.sub(r"%\\\(\w+\\\)s|\\\{\w+\\\}", ".+", re.escape(german)))
    return found
