"""How to open every page of the system, as it should be, after a mistake, and when it is empty."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from .town import Town

Open = Callable[[Page, Town], None]

NOT_PAGES = {
    "/open311/discovery.{form}": "documents",
    "/open311/v2/services.{form}": "documents",
    "/open311/v2/services/{code}.{form}": "documents",
    "/open311/v2/requests.{form}": "documents",
    "/open311/v2/requests/{number}.{form}": "documents",
    "/open311/v2/servicerequestupdates.{form}": "documents",
    "/open311/v2/tokens/{token}.{form}": "documents",
    "/api/responsibility": "JSON",
    "/api/region.geojson": "JSON",
    "/melden/karte.svg": "a picture",
    "/desk/cases/{number}/map.svg": "a picture",
    "/desk/cases/{number}/photos/{photo_id}": "a redirect to a picture",
    "/photos/{photo_id}/{name}": "a picture",
    "/fall/{link}/karte.svg": "a picture",
    "/mail": "a redirect",
    "/mail/messages.json": "JSON",
    "/mail/style.css": "a stylesheet",
    "/mail/messages/{number}/html": "a mail in a frame; mails have a test of their own",
    "/mail/messages/{number}/raw": "plain text",
}
"""Addresses that answer GET with something people do not look at, and what it is."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One page in one condition. ``route`` as the router knows it."""

    route: str
    condition: str
    open: Open
    at_desk: bool = False

    def __str__(self) -> str:
        return f"{self.route} {self.condition}"


def at(path: str) -> Open:
    """Go to ``path``."""

    def open_path(page: Page, _town: Town) -> None:
        page.goto(path)

    return open_path


def at_path_of(find: Callable[[Town], str]) -> Open:
    """Go to a path that only this town knows."""

    def open_path(page: Page, town: Town) -> None:
        page.goto(find(town))

    return open_path


def then(first: Open, act: Callable[[Page], None]) -> Open:
    """Do something on the page, which leads to another."""

    def open_next(page: Page, town: Town) -> None:
        first(page, town)
        with page.expect_navigation():
            act(page)

    return open_next


def press(button: str) -> Callable[[Page], None]:
    """Press the button of this name in the page's main part."""

    def act(page: Page) -> None:
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    return act


def unfold_and_press(summary: str, button: str) -> Callable[[Page], None]:
    """The same inside something folded."""

    def act(page: Page) -> None:
        page.locator("summary", has_text=summary).click()
        press(button)(page)

    return act


def _preview(page: Page) -> None:
    page.get_by_label("Kategorie").select_option("light-broken")
    page.get_by_label("Was sehen Sie?").fill("Dunkel seit Montag, 0381 1234567.")
    press("Vorschau")(page)


def _outdated(page: Page, town: Town) -> None:
    """A form whose version is long gone."""
    page.goto(f"/desk/cases/{town.asked.number}")
    page.locator("summary", has_text="Nachricht schreiben").click()
    page.get_by_label("Ihr Text").fill("Das habe ich getippt.")
    page.locator('input[name="version"]').evaluate_all("all => all.forEach(one => one.value = 1)")
    with page.expect_navigation():
        press("Nachricht senden")(page)


def _wrong_password(page: Page) -> None:
    page.get_by_label("Benutzername").fill("niemand")
    page.get_by_label("Passwort").fill("falsch")
    press("Anmelden")(page)


def _old_mail(page: Page, town: Town) -> None:
    page.goto("/mail/")
    with page.expect_navigation():
        page.get_by_role("link", name=town.mails[0]["subject"]).first.click()


TRACKING = "/m/{number}/{token}"
LINKED = "/fall/{link}"
CASE = "/desk/cases/{number}"
CONFIRM, UNSUBSCRIBE, NOT_ME = (
    f"/me/{act}/{{token}}" for act in ("confirm", "unsubscribe", "not-me")
)
fresh = at_path_of(lambda town: f"{town.fresh.tracking}?neu=1")
asked = at_path_of(lambda town: town.asked.tracking or "")
closed = at_path_of(lambda town: town.closed.tracking or "")
case_fresh = at_path_of(lambda town: f"/desk/cases/{town.fresh.number}")
case_asked = at_path_of(lambda town: f"/desk/cases/{town.asked.number}")
case_closed = at_path_of(lambda town: f"/desk/cases/{town.closed.number}?done=close")
linked = at_path_of(lambda town: town.links["case"])
confirm = at_path_of(lambda town: town.links["confirm"])
not_me = at_path_of(lambda town: town.links["not-me"])
unsubscribe = at_path_of(lambda town: town.links["unsubscribe"])

RECIPES = [
    Recipe("/", "ok", at("/")),
    Recipe("/melden", "ok", at("/melden")),
    Recipe("/melden", "with a place", at("/melden?lat=54.08&long=12.27&service_code=waste-illegal")),
    Recipe("/melden", "preview", then(at("/melden"), _preview)),
    Recipe("/melden", "error", then(at("/melden"), press("Meldung senden"))),
    Recipe(TRACKING, "thanks", fresh),
    Recipe(TRACKING, "question", asked),
    Recipe(TRACKING, "closed", closed),
    Recipe(TRACKING, "error", then(asked, press("Antwort senden"))),
    Recipe(TRACKING, "wrong link", at("/m/K7M4Q2X8/wrong")),
    Recipe(LINKED, "ok", linked),
    Recipe(LINKED, "error", then(linked, press("Antwort senden"))),
    Recipe(LINKED, "ended", at_path_of(lambda town: town.links["declined"])),
    Recipe(LINKED, "wrong link", at("/fall/wrong")),
    Recipe("/meldungen", "ok", at("/meldungen")),
    Recipe("/meldungen", "empty", at("/meldungen?suche=gibtesnicht")),
    Recipe("/meldungen/suche", "error", at("/meldungen/suche?nummer=x")),
    Recipe("/meldungen/{text}", "ok", at_path_of(lambda town: f"/meldungen/{town.closed.number}")),
    Recipe("/meldungen/{text}", "hidden", at_path_of(lambda town: f"/meldungen/{town.hidden.number}")),
    Recipe("/meldungen/{text}", "error", at("/meldungen/UNICORN1")),
    Recipe("/datenschutz", "ok", at("/datenschutz")),
    Recipe("/barrierefreiheit", "ok", at("/barrierefreiheit")),
    Recipe("/impressum", "ok", at("/impressum")),
    Recipe("/docs", "ok", at("/docs")),
    Recipe("/desk/login", "ok", at("/desk/login")),
    Recipe("/desk/login", "error", then(at("/desk/login"), _wrong_password)),
    Recipe("/desk/", "ok", at("/desk/"), at_desk=True),
    Recipe("/desk/", "empty", at("/desk/?category=graffiti"), at_desk=True),
    Recipe("/desk/border", "ok", at("/desk/border"), at_desk=True),
    Recipe(CASE, "new", case_fresh, at_desk=True),
    Recipe(CASE, "waiting", case_asked, at_desk=True),
    Recipe(CASE, "closed", case_closed, at_desk=True),
    Recipe(CASE, "unfolded", then(case_asked, unfold_and_press("Abschließen", "Fall abschließen")), at_desk=True),
    Recipe(CASE, "stale", _outdated, at_desk=True),
    Recipe(CASE, "error", at("/desk/cases/UNICORN1"), at_desk=True),
    Recipe(CONFIRM, "ok", confirm),
    Recipe(CONFIRM, "done", at_path_of(lambda town: town.links["confirmed"])),
    Recipe(CONFIRM, "error", at("/me/confirm/wrong")),
    Recipe(UNSUBSCRIBE, "ok", unsubscribe),
    Recipe(UNSUBSCRIBE, "done", then(unsubscribe, press("Mails abbestellen"))),
    Recipe(UNSUBSCRIBE, "error", at("/me/unsubscribe/wrong")),
    Recipe(NOT_ME, "ok", not_me),
    Recipe(NOT_ME, "done", then(not_me, press("Das war ich nicht, Adresse löschen"))),
    Recipe(NOT_ME, "error", at("/me/not-me/wrong")),
    Recipe("/mail/", "ok", at("/mail/")),
    Recipe("/mail/", "empty", at("/mail/?to=niemand")),
    Recipe("/mail/messages/{number}", "ok", _old_mail),
]  # fmt: skip
