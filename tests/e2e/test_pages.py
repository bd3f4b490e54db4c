"""Every page, in every condition and look: accessible, within its window, nothing foreign."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from melder_local.mail_box import MailBox
from melder_local.mail_pages import build_app
from melder_local.system import System
from melder_web.testing import COLOUR_RULES, axe_violations, overflow, watch

from .clerk_at_desk import ClerkAtDesk
from .recipes import NOT_PAGES, RECIPES, Recipe
from .town import CLERKS_BODY, Town, build_town

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 720}
LOOKS = [(size, look) for size in (DESKTOP, PHONE) for look in ("light", "dark")]
SERVICES = ("intake", "routing", "media", "notify")
NOT_DESCRIBED = {"/docs"}
"""Pages that describe the interfaces and are not described themselves."""


@pytest.fixture(scope="module")
def town(system: System, chromium: Browser) -> Town:
    return build_town(system, chromium)


@pytest.fixture(scope="module")
def visitor(system: System, chromium: Browser) -> Iterator[Page]:
    """A citizen's window, used for all pages."""
    context = chromium.new_context(base_url=system.url, locale="de-DE", reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def clerk(system: System, chromium: Browser, town: Town) -> Iterator[Page]:
    """A signed-in clerk's window, used for all pages of the desk."""
    context = chromium.new_context(
        base_url=system.url, locale="de-DE", reduced_motion="reduce", storage_state=town.session
    )
    page = context.new_page()
    yield page
    context.close()


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_page(
    request: pytest.FixtureRequest, town: Town, recipe: Recipe, shots: Path | None
) -> None:
    page: Page = request.getfixturevalue("clerk" if recipe.at_desk else "visitor")
    seen = watch(page)
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size(DESKTOP)
    recipe.open(page, town)

    assert page.title().strip(" –")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.locator("h1").count() == 1
    assert page.locator("h1").is_visible()
    assert_fine_in_every_look(page, shots / slug(recipe) if shots else None)
    seen.assert_clean()


def slug(recipe: Recipe) -> str:
    """A file's name for the recipe."""
    return re.sub(r"\W+", "-", str(recipe)).strip("-")


def assert_fine_in_every_look(
    page: Page, shot: Path | None, *, without: tuple[str, ...] = ()
) -> None:
    """Light and dark, wide and narrow: within the window, and nothing for axe to find."""
    for size, look in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=look)
        seen_as = f"{size['width']}-{look}"
        assert page.evaluate(MOVING) == [], f"{seen_as}: moves though no motion is wanted"
        if shot:
            page.screenshot(path=f"{shot}-{seen_as}.png", full_page=True)
        assert overflow(page) == 0, f"{seen_as}: {widest(page)}"
        only = COLOUR_RULES if look == "dark" else ()
        assert axe_violations(page, without=without, only=only) == [], seen_as


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where pictures of the pages go, for people to look at: ``MELDER_E2E_SHOTS``."""
    wanted = os.environ.get("MELDER_E2E_SHOTS")
    if wanted:
        Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted) if wanted else None


MOVING = """async () => {
    const moving = document.getAnimations().map(one => one.effect.target.outerHTML.slice(0, 120));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return moving;
}"""
"""What changes its look little by little; waits until the look asked for is drawn."""


def widest(page: Page) -> list[str]:
    """The elements that stick out, for the message."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
            .map(one => one.outerHTML.slice(0, 120)).slice(-5)"""
    )
    return found


def test_every_page_has_a_recipe(system: System, tmp_path: Path) -> None:
    known = {recipe.route for recipe in RECIPES} | set(NOT_PAGES)
    served = routes_of_services(system) | routes_of_mail_sink(tmp_path) | NOT_DESCRIBED
    assert not served - known, "add a recipe to recipes.py, or say in NOT_PAGES what it is"
    assert not known - served, "nobody serves these any more"


def routes_of_services(system: System) -> set[str]:
    """What answers GET, as each service describes itself."""
    found = set()
    for service in SERVICES:
        described = httpx.get(f"{system.url}/docs/openapi/{service}.json").json()
        found |= {path for path, methods in described["paths"].items() if "get" in methods}
    return found


def routes_of_mail_sink(directory: Path) -> set[str]:
    routes = [route for route in build_app(MailBox(directory)).routes if hasattr(route, "methods")]
    return {re.sub(r":\w+}", "}", route.path) for route in routes if "GET" in route.methods}


@pytest.mark.parametrize("number", [0, 1], ids=["receipt", "question"])
def test_mails_are_accessible_too(
    chromium: Browser, town: Town, number: int, shots: Path | None
) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    seen = watch(page)
    page.set_content(town.mails[number]["html"])
    # a mail is shown inside a page, whose landmarks are not the mail's
    without = ("landmark-one-main", "region")
    assert_fine_in_every_look(page, shots / f"mail-{number}" if shots else None, without=without)
    seen.assert_clean()
    context.close()


@pytest.fixture
def keyboard(system: System, chromium: Browser) -> Iterator[Page]:
    """The window of somebody who has no mouse."""
    context = chromium.new_context(base_url=system.url, locale="de-DE", reduced_motion="reduce")
    page = context.new_page()
    yield page
    context.close()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until ``wanted`` has the focus; whatever has it on the way shows it."""
    for _ in range(120):
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWS_FOCUS), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"Tab never came to {wanted}")


SHOWS_FOCUS = """() => {
    const one = document.activeElement;
    if (one === document.body) return true;
    const around = [one, one.parentElement, one.nextElementSibling].filter(Boolean);
    return around.some(each => {
        const style = getComputedStyle(each);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        return outlined || style.boxShadow !== 'none';
    });
}"""


def test_a_report_without_a_mouse(keyboard: Page) -> None:
    page = keyboard
    page.goto("/melden")
    tab_to(page, page.get_by_label("Kategorie"))
    page.keyboard.type("Schlagloch")
    tab_to(page, page.get_by_label("Was sehen Sie?"))
    page.keyboard.type("Ohne Maus gemeldet.")
    tab_to(page, page.get_by_text("Koordinaten eingeben"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Breite"))
    page.keyboard.type("54,08")
    tab_to(page, page.get_by_label("Länge"))
    page.keyboard.type("12,27")
    tab_to(page, page.get_by_role("button", name="Meldung senden"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/m/*/*?neu=1")
    expect(page.get_by_role("heading", name="Danke für Ihre Meldung!")).to_be_visible()


def test_a_case_without_a_mouse(system: System, keyboard: Page, town: Town) -> None:
    page = keyboard
    ClerkAtDesk(system, page, CLERKS_BODY)
    page.goto(f"/desk/cases/{town.hidden.number}")
    tab_to(page, page.get_by_role("button", name="Annehmen"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Der Fall ist angenommen.")).to_be_visible()
    tab_to(page, page.locator("summary", has_text="Abschließen"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Ergebnis"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Fall abschließen"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Der Fall ist abgeschlossen.")).to_be_visible()


def test_contrast_themes_keep_ticks_and_icons(visitor: Page, clerk: Page, town: Town) -> None:
    form, desk = visitor, clerk
    form.set_viewport_size(DESKTOP)
    form.emulate_media(forced_colors="active", color_scheme="dark")
    form.goto("/melden")
    looks_different_when_ticked(form, form.get_by_label("Ja, es besteht Gefahr für Menschen"))
    desk.set_viewport_size(DESKTOP)
    desk.emulate_media(forced_colors="active", color_scheme="dark")
    desk.goto(f"/desk/cases/{town.asked.number}")
    desk.locator("summary", has_text="Zustand ändern").click()
    looks_different_when_ticked(desk, desk.get_by_label("Einplanen"))
    icon = desk.locator(".kern-icon").first
    drawn = icon.evaluate("one => getComputedStyle(one).backgroundColor")
    behind = desk.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
    assert drawn != behind


def looks_different_when_ticked(page: Page, box: Locator) -> None:
    box.scroll_into_view_if_needed()
    before = box.screenshot()
    box.check()
    page.mouse.move(0, 0)
    box.evaluate("one => one.blur()")
    assert box.screenshot() != before
