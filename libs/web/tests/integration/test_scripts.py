"""What scripts add: previews and uploads, drafts, the live answer, the map, one click sends once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Geolocation, Page, expect

from melder_web.testing import Watch, watch

pytestmark = pytest.mark.e2e

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f0005000201ff5e4c3a0000000049454e44ae426082"
)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    place: Geolocation = {"latitude": 54.0712, "longitude": 12.2401, "accuracy": 12}
    context = chromium.new_context(
        locale="de-DE", geolocation=place, permissions=["geolocation"], timezone_id="Europe/Berlin"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def seen(page: Page) -> Iterator[Watch]:
    """Every test here ends with: nothing foreign, nothing refused, no script error."""
    noted = watch(page)
    yield noted
    noted.assert_clean()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "laterne.png"
    file.write_bytes(PIXEL)
    return file


@pytest.mark.usefixtures("seen")
def test_a_photo_is_shown_uploaded_and_claimed(page: Page, kitchen: str, photo: Path) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Fotos vom Schaden").set_input_files(photo)
    expect(page.get_by_alt_text("Vorschau: laterne.png")).to_be_visible()
    expect(page.get_by_text("laterne.png ist bereit")).to_be_visible()
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.locator("body")).to_contain_text("0193.geheim")
    assert json.loads(page.inner_text("body"))["claims"] == ["0193.geheim"]


@pytest.mark.usefixtures("seen")
def test_a_photo_taken_away_is_not_sent(page: Page, kitchen: str, photo: Path) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Fotos vom Schaden").set_input_files(photo)
    expect(page.get_by_text("laterne.png ist bereit")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as withdrawn:
        page.get_by_role("button", name="laterne.png entfernen").click()
    assert withdrawn.value.status == 204
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.locator("body")).to_contain_text('"claims":[]')


@pytest.mark.usefixtures("seen")
def test_a_refused_photo_says_why(page: Page, kitchen: str, tmp_path: Path) -> None:
    broken = tmp_path / "kaputt.jpg"
    broken.write_bytes(b"kein Bild")
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Fotos vom Schaden").set_input_files(broken)
    expect(page.locator(".m-photos__note")).to_have_text("Das ist kein Bild.")


@pytest.mark.usefixtures("seen")
def test_a_photo_without_net_travels_with_the_form(page: Page, kitchen: str, photo: Path) -> None:
    page.goto(f"{kitchen}/melden")
    page.route("**/photos/", lambda route: route.abort())
    page.get_by_label("Fotos vom Schaden").set_input_files(photo)
    expect(page.get_by_text("Das Foto wird mit dem Formular gesendet")).to_be_visible()
    assert page.locator("#photo").evaluate("(input) => input.files.length") == 1
    page.unroute("**/photos/")
    page.reload()
    expect(page.get_by_text("laterne.png ist bereit")).to_be_visible()


@pytest.mark.usefixtures("seen")
def test_what_is_typed_survives_the_tab(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Beschreibung (Pflichtfeld)").fill("Seit Montag dunkel")
    page.get_by_label("Kategorie").select_option("road-pothole")
    page.get_by_label("E-Mail").fill("ich@example.org")
    page.get_by_label("Ja", exact=True).check()
    page.goto("about:blank")
    page.goto(f"{kitchen}/melden")
    expect(page.get_by_text("wieder eingesetzt")).to_be_visible()
    expect(page.get_by_label("Beschreibung (Pflichtfeld)")).to_have_value("Seit Montag dunkel")
    expect(page.get_by_label("Kategorie")).to_have_value("road-pothole")
    expect(page.get_by_label("E-Mail")).to_have_value("ich@example.org")
    expect(page.get_by_label("Ja", exact=True)).to_be_checked()
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "Seit Montag dunkel" in kept
    assert "ich@example.org" not in kept
    page.get_by_role("button", name="Neu beginnen").click()
    expect(page.get_by_label("E-Mail")).to_have_value("")


@pytest.mark.usefixtures("seen")
def test_offline_nothing_is_sent_and_nothing_lost(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Name").fill("Anna")
    page.context.set_offline(True)
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.get_by_text("Kein Netz")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Das Netz ist wieder da")).to_be_visible()
    page.get_by_role("button", name="Meldung senden").click()
    expect(page.locator("body")).to_contain_text('"name"')


@pytest.mark.usefixtures("seen")
def test_a_double_click_sends_once(page: Page, kitchen: str) -> None:
    sent = []
    page.on("request", lambda request: sent.append(request.method == "POST"))
    page.goto(f"{kitchen}/melden")
    page.get_by_role("button", name="Meldung senden").dblclick()
    expect(page.locator("body")).to_contain_text("form_token")
    assert sum(sent) == 1


@pytest.mark.usefixtures("seen")
def test_the_position_brings_the_responsible_body(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_role("button", name="Meinen Standort verwenden").click()
    expect(page.get_by_text("auf etwa 12 m genau")).to_be_visible()
    answer = page.locator("[data-melder-answer]")
    expect(answer).to_contain_text("Zuständig: Amt Carbäk")
    expect(answer).to_contain_text("40 m entfernt")
    assert answer.get_attribute("aria-live") == "polite"
    assert page.locator("#lat").input_value() == "54.071200"


@pytest.mark.usefixtures("seen")
def test_the_question_carries_accuracy_and_the_number_on_the_lamp(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    with page.expect_request("**/api/responsibility?*accuracy_m=12*"):
        page.get_by_role("button", name="Meinen Standort verwenden").click()
    page.get_by_text("Nummer an Lampe oder Bank eingeben").click()
    page.get_by_label("Nummer", exact=True).fill(" L-4711 ")
    with page.expect_request("**/api/responsibility?*accuracy_m=12*asset_id=L-4711*"):
        page.get_by_label("Nummer", exact=True).blur()


NEIGHBOUR = {"slug": "amt", "name": "Amt Carbäk"}
OFFICE = {"slug": "strassenbauamt", "name": "Straßenbauamt"}


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (200, {"status": "decided", "responsible": NEIGHBOUR, "border": True, "reason": "8 m vor"},
         ["Voraussichtlich zuständig: Amt Carbäk", "8 m vor"]),
        (200, {"status": "unserved", "working": NEIGHBOUR, "serving_body": OFFICE, "reason": "R"},
         ["Zuständig: Straßenbauamt (nimmt hier nicht teil)", "R"]),
        (200, {"status": "unserved", "working": NEIGHBOUR, "serving_body": NEIGHBOUR, "reason": "R"},
         ["Wer zuständig ist, klären wir nach dem Absenden.", "R"]),
        (503, {}, ["Wer zuständig ist, klären wir nach dem Absenden.", "trotzdem senden"]),
    ],
    ids=["border", "takes no part", "nobody", "routing is down"],
)  # fmt: skip
def test_the_answer_promises_no_more_than_routing_knows(
    page: Page, kitchen: str, *, status: int, said: dict[str, object], told: list[str]
) -> None:
    page.route("**/api/responsibility?*", lambda route: route.fulfill(status=status, json=said))
    page.goto(f"{kitchen}/melden?lat=54.07&long=12.2")
    page.get_by_text("Koordinaten eingeben").click()
    page.get_by_label("Breite").fill("54,07")
    page.get_by_label("Länge").fill("12,2")
    page.get_by_label("Länge").blur()
    for words in told:
        expect(page.locator("[data-melder-answer]")).to_contain_text(words)


@pytest.mark.usefixtures("seen")
def test_a_place_outside_names_the_other_body(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_text("Koordinaten eingeben").click()
    page.get_by_label("Breite").fill("53,89")
    page.get_by_label("Länge").fill("11,46")
    page.get_by_label("Länge").blur()
    expect(page.locator("[data-melder-answer]")).to_contain_text("nicht in unserem Gebiet")
    expect(page.locator("[data-melder-answer]")).to_contain_text("Stadt Wismar")


@pytest.mark.usefixtures("seen")
def test_the_map_is_used_by_keyboard_alone(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_text("Koordinaten eingeben").scroll_into_view_if_needed()
    map_view = page.get_by_role("application")
    expect(page.locator(".m-place__image")).to_have_count(0)
    expect(page.locator(".ol-attribution")).to_contain_text("© Testdaten")
    map_view.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    page.get_by_role("button", name="Diesen Punkt nehmen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Der Punkt ist gesetzt.")).to_be_visible()
    expect(page.locator("[data-melder-answer]")).to_be_visible()
    assert 53.9 < float(page.locator("#lat").input_value()) < 54.3


@pytest.mark.usefixtures("seen")
def test_a_click_on_the_map_takes_that_place(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_text("Koordinaten eingeben").scroll_into_view_if_needed()
    map_view = page.get_by_role("application")
    expect(page.locator(".ol-attribution")).to_contain_text("© Testdaten")
    map_view.click(position={"x": 60, "y": 60})
    expect(page.get_by_text("Der Punkt ist gesetzt.")).to_be_visible()
    assert float(page.locator("#long").input_value()) < 12.15


@pytest.mark.usefixtures("seen")
def test_errors_take_the_focus(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/falsch")
    expect(page.locator(".m-error-summary")).to_be_focused()
    page.get_by_role("link", name="Bitte beschreiben Sie den Schaden.").click()
    expect(page.get_by_label("Beschreibung (Pflichtfeld)")).to_be_focused()


@pytest.mark.usefixtures("seen")
def test_the_counter_counts_characters_as_people_do(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/melden")
    page.get_by_label("Beschreibung (Pflichtfeld)").fill("👍" * 2001)
    expect(page.locator("#description-count")).to_have_text("1 Zeichen zu viel")


@pytest.mark.usefixtures("seen")
def test_shortcuts_are_off_until_switched_on(page: Page, kitchen: str) -> None:
    page.goto(f"{kitchen}/desk/")
    page.keyboard.press("/")
    expect(page.get_by_label("Suche")).not_to_be_focused()
    page.get_by_label("Tastenkürzel benutzen").check()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("/")
    expect(page.get_by_label("Suche")).to_be_focused()
