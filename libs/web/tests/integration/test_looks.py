"""Every shell and macro in Chromium: axe, narrow windows, contrast themes, RTL, focus, no scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from melder_web.testing import axe_violations, overflow, watch

pytestmark = pytest.mark.e2e

PAGES = ["/melden", "/falsch", "/teile", "/desk/", "/nichts"]
WAYS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"viewport": {"width": 320, "height": 640}, "has_touch": True},
}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="de-DE")
    yield context.new_page()
    context.close()


def open_page(chromium: Browser, address: str, **options: Any) -> Page:
    page = chromium.new_context(locale="de-DE", **options).new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Browser, kitchen: str, path: str, way: str
) -> None:
    page = open_page(chromium, kitchen + path, **WAYS[way])
    assert axe_violations(page) == []
    assert overflow(page) == 0
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_right_to_left_is_as_sound(chromium: Browser, kitchen: str, path: str) -> None:
    page = open_page(chromium, f"{kitchen}{path}?lang=ar", viewport={"width": 390, "height": 844})
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert axe_violations(page) == []
    assert overflow(page) == 0
    page.context.close()


def test_right_to_left_keeps_the_gap_between_box_and_label(page: Page, kitchen: str) -> None:
    gaps = {}
    for language in ("de", "ar"):
        page.goto(f"{kitchen}/melden?lang={language}")
        gaps[language] = page.locator("#lamp").evaluate(
            """(box) => { const a = box.getBoundingClientRect(), range = document.createRange();
                range.selectNodeContents(box.labels[0]); const b = range.getBoundingClientRect();
                return Math.max(b.left - a.right, a.left - b.right); }"""
        )
    assert gaps["de"] == pytest.approx(gaps["ar"], abs=1)
    assert gaps["ar"] >= 12


@pytest.mark.parametrize("path", ["/melden", "/teile", "/desk/"])
def test_text_twice_as_large_and_widely_spaced_stays_in_the_window(
    chromium: Browser, kitchen: str, path: str
) -> None:
    spacing = (
        "html{font-size:200%} *{line-height:1.5 !important;letter-spacing:.12em !important;"
        "word-spacing:.16em !important} p{margin-block-end:2em !important}"
    )
    page = open_page(chromium, kitchen + path, viewport={"width": 640, "height": 900})
    page.evaluate(
        """(rules) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rules);
            document.adoptedStyleSheets = [sheet]; }""",
        spacing,
    )
    assert overflow(page) == 0
    page.context.close()


def test_contrast_themes_show_ticks_and_icons(chromium: Browser, kitchen: str) -> None:
    page = open_page(chromium, f"{kitchen}/melden", forced_colors="active")
    for kind in ("lamp", "hazard"):
        chosen, free = page.locator(f"#{kind}"), page.locator(f"#{kind}-2")
        assert chosen.screenshot() != free.screenshot()
        assert chosen.evaluate("(box) => getComputedStyle(box).appearance") == "auto"
    for selector in (".kern-icon--warning", ".kern-btn .kern-icon--arrow-forward"):
        icon, background = page.locator(selector).first.evaluate(
            """(icon) => [getComputedStyle(icon).backgroundColor,
                getComputedStyle(document.body).backgroundColor]"""
        )
        assert icon != background
        assert page.locator(selector).first.evaluate("(icon) => icon.offsetWidth") >= 20
    page.context.close()


def test_what_is_hidden_is_not_shown(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/nichts")
    page.evaluate("document.querySelector('.kern-btn').hidden = true")
    expect(page.locator(".kern-btn").first).to_be_hidden()


@pytest.mark.parametrize("path", ["/melden", "/teile", "/desk/"])
def test_every_stop_of_the_tab_key_is_seen_and_large_enough(
    page: Page, kitchen: str, path: str
) -> None:
    page.goto(kitchen + path)
    seen = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const e = document.activeElement; if (e === document.body) return null;
                const s = getComputedStyle(e), f = e.closest('.m-photos__drop');
                const after = getComputedStyle(e, '::after');
                const ring = [s, f && getComputedStyle(f), after].some(
                    (x) => x && x.outlineStyle !== 'none' && parseFloat(x.outlineWidth) >= 2);
                const b = (e.closest('.m-card') ?? e).getBoundingClientRect();
                return {what: e.outerHTML.slice(0, 120), ring, small: Math.min(b.width, b.height)};}"""
        )
        if stop is None or stop["what"] in seen:
            break
        seen.add(stop["what"])
        assert stop["ring"], stop["what"]
        assert stop["small"] >= 24, stop["what"]
    assert len(seen) > 5


def test_motion_stops_when_people_ask_for_it(chromium: Browser, kitchen: str) -> None:
    page = open_page(chromium, f"{kitchen}/melden", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.context.close()


def test_paper_gets_the_content_only(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/teile")
    page.emulate_media(media="print")
    expect(page.locator(".m-receipt")).to_be_visible()
    for selector in (".m-nav", ".m-footer", ".m-skip", ".m-pagination"):
        expect(page.locator(selector).first).to_be_hidden()


@pytest.mark.parametrize("path", [*PAGES, "/falsch?lang=ar"])
def test_nothing_foreign_nothing_refused(page: Page, kitchen: str, path: str) -> None:
    seen = watch(page)
    page.goto(kitchen + path)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    seen.assert_clean()


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_one_heading_a_title_and_whole_ids(page: Page, kitchen: str, path: str) -> None:
    page.goto(kitchen + path)
    assert page.locator("h1").count() == 1
    assert "–" in page.title()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    pointed = page.evaluate(
        """[...document.querySelectorAll('[aria-describedby],[aria-labelledby],label[for]')]
            .flatMap((e) => (e.getAttribute('aria-describedby') ?? e.getAttribute('aria-labelledby')
                ?? e.getAttribute('for')).split(' '))"""
    )
    assert set(pointed) <= set(ids)


def test_without_scripts_everything_needed_is_there(chromium: Browser, kitchen: str) -> None:
    page = open_page(chromium, f"{kitchen}/melden", java_script_enabled=False)
    expect(page.get_by_label("Fotos vom Schaden")).to_be_visible()
    expect(page.get_by_role("button", name="Karte: Stelle anklicken")).to_be_visible()
    expect(page.get_by_role("button", name="Meinen Standort verwenden")).to_be_hidden()
    page.get_by_text("Koordinaten eingeben").click()
    page.get_by_label("Breite").fill("54,09")
    page.get_by_role("button", name="Meldung senden").click()
    assert "description" in page.inner_text("body")
    assert "map.x" not in page.inner_text("body")
    page.context.close()


def test_without_scripts_a_click_on_the_picture_says_where(chromium: Browser, kitchen: str) -> None:
    page = open_page(chromium, f"{kitchen}/melden", java_script_enabled=False)
    page.get_by_role("button", name="Karte: Stelle anklicken").click()
    answer = page.inner_text("body")
    assert all(name in answer for name in ("map.x", "map.y", "map_lat", "map_m"))
    page.context.close()


def test_back_from_an_error_page_keeps_what_was_typed(chromium: Browser, kitchen: str) -> None:
    plain = chromium.new_context(java_script_enabled=False, locale="de-DE").new_page()
    plain.route("**/melden", lambda route: answer_busy(route, kitchen))
    plain.goto(f"{kitchen}/melden")
    plain.get_by_label("Name").fill("Anna Beispiel")
    plain.get_by_role("button", name="Meldung senden").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Gerade kommen sehr viele Anfragen")
    plain.go_back()
    expect(plain.get_by_label("Name")).to_have_value("Anna Beispiel")
    plain.context.close()


def answer_busy(route: Route, kitchen: str) -> None:
    """The form is refused for the moment; reading it is not."""
    if route.request.method == "POST":
        route.continue_(url=f"{kitchen}/voll")
    else:
        route.continue_()


def test_enter_in_a_field_never_presses_the_picture(chromium: Browser, kitchen: str) -> None:
    page = open_page(chromium, f"{kitchen}/melden", java_script_enabled=False)
    page.get_by_label("Name").press("Enter")
    page.wait_for_load_state()
    assert "service_code" in page.inner_text("body")
    assert "map.x" not in page.inner_text("body")
    page.context.close()
