"""The desk as people see it: axe, narrow and dark, by keyboard alone and without scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from melder_common import events
from melder_common.event_values import Rendition
from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_routing.use_cases.note_comment import note_comments
from melder_routing.use_cases.note_photo import note_photos_ready
from melder_web import Pages, Site, install_pages
from melder_web.testing import axe_violations, chromium, overflow, serve, watch

__all__ = ["chromium"]

pytestmark = pytest.mark.integration

LOGIN, PASSWORD = "anna@nord.example", "ein langes Wort 7"


@dataclass(frozen=True)
class Served:
    """A desk with a few cases; ``number`` is a new one with photo, comment and border."""

    address: str
    number: str
    fresh: str


@pytest.fixture(scope="module")
def served(
    databases: Databases, postgres: PostgresCluster, open_world: Any, comment_on: Any
) -> Iterator[Served]:
    """Filled in one event loop, served in the loop of a thread with its own connections."""
    name = open_world.apart(databases.clone("routing"))

    async def fill() -> tuple[str, str]:
        async with open_world(postgres.url(name, "routing_worker")) as made:
            await made.found()
            routed = await made.open_case(photos=1, hazard=True, border=True)
            photo_id = routed.report.photos[0].photo_id
            arrived = events.PhotoReady(
                photo_id=photo_id,
                report_id=routed.report.report_id,
                renditions=(Rendition(name="list", width=640, height=480),),
            )
            await made.hear(note_photos_ready, arrived)
            await made.hear(note_comments, comment_on(routed.report.report_id))
            fresh = await made.open_case()
            return routed.report.number, fresh.report.number

    number, fresh = open_world.apart(fill())
    pages = Pages("melder_routing", site=Site().in_first_language())
    made = open_world.build(postgres.url(name, "routing_worker"), pages=pages)
    made.app.add_api_route("/test/close", made.close)  # connections end in the loop they began in
    install_pages(made.app, made.desk.pages)
    with serve(made.app) as address:
        yield Served(address, number, fresh)
        assert httpx.get(address + "/test/close").is_success
    open_world.apart(databases.drop(name))


def sign_in(page: Page, served: Served) -> None:
    page.goto(served.address + "/desk/")
    page.get_by_label("Benutzername").fill(LOGIN)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/")


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light"), (390, "dark")]
)
def test_pages_are_clean(chromium: Browser, served: Served, width: int, scheme: Any) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = watch(page)
    page.goto(served.address + "/desk/login?next=/desk/border")
    assert axe_violations(page) == []
    sign_in(page, served)
    for path in ("/desk/", f"/desk/cases/{served.number}", "/desk/border", "/desk/cases/x"):
        page.goto(served.address + path)
        for summary in page.locator("summary").all():
            folded = summary.locator("xpath=..").get_attribute("open") is None
            if folded and summary.is_visible():
                summary.click()
        assert axe_violations(page) == [], path
        assert overflow(page) == 0, path
    seen.assert_clean()
    page.close()


def test_refused_and_outdated_forms_are_clean(chromium: Browser, served: Served) -> None:
    first, second = (chromium.new_context().new_page() for _ in range(2))
    for page in (first, second):
        sign_in(page, served)
        page.goto(f"{served.address}/desk/cases/{served.number}")
    first.get_by_text("Abschließen", exact=True).click()
    first.get_by_role("button", name="Fall abschließen").click()
    first.get_by_role("link", name="Bitte wählen Sie ein Ergebnis.").wait_for()
    assert axe_violations(first) == []
    first.get_by_text("Nachricht schreiben").click()
    first.get_by_label("Ihr Text").fill("Danke für den Hinweis.")
    first.get_by_role("button", name="Nachricht senden").click()
    first.get_by_text("Die Nachricht ist gesendet.").wait_for()
    second.get_by_text("Nachricht schreiben").click()
    second.get_by_label("Ihr Text").fill("Mein Text bleibt.")
    second.get_by_role("button", name="Nachricht senden").click()
    second.get_by_text("Inzwischen hat sich der Fall geändert").wait_for()
    assert axe_violations(second) == []
    assert second.get_by_label("Ihr Text").input_value() == "Mein Text bleibt."
    for page in (first, second):
        page.context.close()


def test_cases_stand_before_the_filter_where_room_is_short(
    chromium: Browser, served: Served
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    sign_in(page, served)
    expect(page.locator("[data-melder-row]").first).to_be_in_viewport()
    expect(page.get_by_label("Zustand")).to_be_hidden()
    page.locator("summary", has_text="Liste eingrenzen").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Zustand").select_option("received")
    press(page, "Eingrenzen")
    page.wait_for_url("**state=received*")
    expect(page.get_by_label("Zustand")).to_have_value("received")
    expect(page.get_by_label("Zustand")).to_be_visible()
    page.locator("summary", has_text="Liste wechseln: Alle offenen Fälle").click()
    page.get_by_role("link", name="Meine Fälle").click()
    page.wait_for_url("**view=mine")
    page.close()


def test_nothing_is_folded_where_there_is_room(chromium: Browser, served: Served) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    sign_in(page, served)
    for handle in page.locator("summary").all():
        expect(handle).to_be_hidden()
    page.get_by_label("Kategorie").focus()
    expect(page.get_by_label("Kategorie")).to_be_focused()
    page.get_by_role("link", name="Grenzfälle nebenan").click()
    page.wait_for_url("**/desk/border")
    page.close()


def press(page: Page, name: str) -> None:
    """Press a button as the keyboard does: focus, Enter."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def test_a_case_is_worked_without_scripts_and_mouse(chromium: Browser, served: Served) -> None:
    page = chromium.new_page(java_script_enabled=False)
    sign_in(page, served)
    page.get_by_role("link", name="Lampe dunkel").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/*")
    page.goto(f"{served.address}/desk/cases/{served.fresh}")
    for button, said in (("Annehmen", "angenommen"), ("Übernehmen", "übernommen")):
        press(page, button)
        page.get_by_role("status").get_by_text(said).wait_for()
    page.locator("summary", has_text="Rückfrage stellen").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Ihre Frage").focus()
    page.keyboard.type("Welche Hausnummer?")
    press(page, "Frage senden")
    page.get_by_role("status").get_by_text("gestellt").wait_for()
    page.locator("summary", has_text="Abschließen").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Ergebnis").focus()
    page.keyboard.type("Mangel")
    press(page, "Fall abschließen")
    page.get_by_role("status").get_by_text("abgeschlossen").wait_for()
    press(page, "Abmelden")
    page.wait_for_url("**/desk/login")
    page.close()
