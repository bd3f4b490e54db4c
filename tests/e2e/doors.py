"""The three doors through which a report comes in. Whichever it is, the story goes on the same."""

from dataclasses import dataclass
from typing import Protocol

import httpx
from playwright.sync_api import Page, expect

from melder_local.system import System

from .browsing import Windows


@dataclass(frozen=True, slots=True)
class Damage:
    """What somebody saw, with the address to which news shall go."""

    category: str
    lat: float
    long: float
    words: str
    photo: bytes
    email: str


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted report: its number and, where the door shows it at once, the tracking page."""

    number: str
    tracking: str | None


class Door(Protocol):
    """A way to report. ``scripts``: whether the people of this story's browsers run scripts."""

    scripts: bool

    def report(self, _system: System, _windows: Windows, damage: Damage, /) -> Sent:
        """Send photo and report."""


class FormWithoutScripts:
    """The web form as plain HTML: one page, one request, photo and all."""

    scripts = False

    def report(self, _system: System, windows: Windows, damage: Damage) -> Sent:
        """Fill the form from top to bottom and send it."""
        page = windows.open(scripts=False)
        page.goto("/melden")
        page.get_by_label("Fotos vom Schaden").set_input_files(_file(damage))
        page.get_by_label("Kategorie").select_option(damage.category)
        page.get_by_label("Was sehen Sie?").fill(damage.words)
        page.get_by_text("Koordinaten eingeben").click()
        page.get_by_label("Breite").fill(f"{damage.lat:.6f}".replace(".", ","))
        page.get_by_label("Länge").fill(f"{damage.long:.6f}".replace(".", ","))
        page.get_by_label("E-Mail").fill(damage.email)
        return _send(page)


class FormWithScripts:
    """The web form as most people meet it, on a phone that knows where it is."""

    scripts = True

    def report(self, _system: System, windows: Windows, damage: Damage) -> Sent:
        """Photo first, then the place; who is responsible is said before anything is sent."""
        page = windows.open(
            permissions=["geolocation"],
            geolocation={"latitude": damage.lat, "longitude": damage.long, "accuracy": 8},
            viewport={"width": 390, "height": 844},
        )
        page.goto("/melden")
        page.get_by_label("Fotos vom Schaden").set_input_files(_file(damage))
        expect(page.get_by_text("schaden.jpg ist bereit")).to_be_visible()
        expect(page.get_by_text("Die Stelle stammt aus Ihrem Foto")).to_be_visible()
        page.get_by_label("Kategorie").select_option(damage.category)
        page.get_by_label("Was sehen Sie?").fill(damage.words)
        page.get_by_role("button", name="Meinen Standort verwenden").click()
        expect(page.get_by_text("Standort gefunden, auf etwa 8 m genau.")).to_be_visible()
        expect(page.get_by_text("Zuständig: Gemeinde Broderstorf")).to_be_visible()
        page.get_by_label("E-Mail").fill(damage.email)
        return _send(page)


class App:
    """An app that speaks Open311 GeoReport v2; its user reads mails in a browser."""

    scripts = True

    def report(self, system: System, _windows: Windows, damage: Damage) -> Sent:
        """POST requests.json with the photo beside the fields."""
        answer = httpx.post(
            f"{system.url}/open311/v2/requests.json",
            data={
                "api_key": system.info()["OPEN311_KEY"],
                "jurisdiction_id": system.info()["JURISDICTION_ID"],
                "service_code": damage.category,
                "lat": str(damage.lat),
                "long": str(damage.long),
                "description": damage.words,
                "email": damage.email,
            },
            files={"media": ("schaden.jpg", damage.photo, "image/jpeg")},
        )
        answer.raise_for_status()
        (accepted,) = answer.json()
        return Sent(accepted["service_request_id"], tracking=None)


def _file(damage: Damage) -> dict[str, object]:
    return {"name": "schaden.jpg", "mimeType": "image/jpeg", "buffer": damage.photo}


def _send(page: Page) -> Sent:
    page.get_by_role("button", name="Meldung senden").click()
    page.wait_for_url("**/m/*/*?neu=1")
    expect(page.get_by_role("heading", name="Danke für Ihre Meldung!")).to_be_visible()
    tracking = page.url.partition("?")[0]
    return Sent(tracking.split("/")[-2], tracking)
