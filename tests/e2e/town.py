"""A small town with something on every page: reports in all conditions, mails, a clerk's session."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from playwright.sync_api import Browser

from melder_local.people import Citizen, Clerk, Filed
from melder_local.system import System, eventually

from .clerk_at_desk import ClerkAtDesk
from .mailbox import Mailbox, link_to
from .pictures import photo_from_a_phone

BRODERSTORF = {"lat": "54.0800", "long": "12.2700"}
NEAR_THE_BORDER = {"lat": "54.18273", "long": "12.22551"}
CLERKS_BODY = "amt-carbaek"
BY_LINK = {"lat": "54.14912", "long": "11.74213"}
MAILBOX = "bauhof@kuehlungsborn.example"
"""A place whose body works by links, and where they go."""


@dataclass(frozen=True, slots=True)
class Town:
    """Reports by what has happened to them, paths of mails' links, what a desk session holds."""

    fresh: Filed
    asked: Filed
    closed: Filed
    hidden: Filed
    links: dict[str, str]
    mails: list[dict[str, Any]]
    session: Any


def build_town(system: System, chromium: Browser) -> Town:
    """File the reports and work on them through the public doors."""
    newcomer, known = (Mailbox(system, f"{uuid4().hex[:10]}@buerger.example") for _ in range(2))
    with (
        Citizen(system.url, api_key=system.info()["OPEN311_KEY"]) as citizen,
        Clerk(system.url, *system.clerk(CLERKS_BODY)) as clerk,
    ):
        fresh = _report(citizen, "tree-damage", email=newcomer.address, hazard="ja")
        asked = _report(citizen, "tree-damage", email=known.address)
        closed = _report(citizen, "road-pothole")
        hidden = _report(citizen, "vehicle-abandoned")
        citizen.report_by_app({**NEAR_THE_BORDER, "service_code": "road-pothole"})
        for filed in (fresh, asked, closed, hidden):
            eventually(lambda number=filed.number: clerk.sees(number), what="the case at the desk")
        links = _links(newcomer, known) | _case_links(system, citizen)
        httpx.post(links["confirmed"]).raise_for_status()
        _ask(clerk, asked)
        _finish(clerk, closed)
        mails = [known.wait_for("ist angekommen"), known.wait_for("Rückfrage")]
    return Town(fresh, asked, closed, hidden, links, mails, _sign_in(system, chromium))


def _report(citizen: Citizen, category: str, **more: str) -> Filed:
    words = "Eine Beschreibung, wie Menschen sie schreiben: kurz, mit Umlauten, über zwei Sätze."
    fields = {**BRODERSTORF, "service_code": category, "description": words, **more}
    return citizen.report_by_web(fields, (photo_from_a_phone(54.08, 12.27),))


def _ask(clerk: Clerk, asked: Filed) -> None:
    clerk.act(asked.number, "/accept")
    eventually(lambda: "Adresse bestätigt" in clerk.case(asked.number), what="the confirmation")
    clerk.act(asked.number, "/question", question="Wie hoch ist der Baum ungefähr?")


def _finish(clerk: Clerk, closed: Filed) -> None:
    eventually(lambda: clerk.release_photos(closed.number), what="the photo at the desk")
    clerk.act(closed.number, "/accept")
    clerk.act(closed.number, "/close", ending="resolved:fixed", message="Das Loch ist zu.")


def _links(newcomer: Mailbox, known: Mailbox) -> dict[str, str]:
    first, second = (box.wait_for("ist angekommen") for box in (newcomer, known))
    return {
        "confirm": link_to(first, "/me/confirm"),
        "not-me": link_to(first, "/me/not-me"),
        "confirmed": link_to(second, "/me/confirm"),
        "unsubscribe": str(second["headers"]["List-Unsubscribe"]).strip("<>"),
    }


def _case_links(system: System, citizen: Citizen) -> dict[str, str]:
    """A case that lies with a body by its link, and one that the body did not want."""
    office = Mailbox(system, MAILBOX)
    links = []
    for _ in range(2):
        filed = _report(citizen, "bench-damaged", **BY_LINK)
        links.append(link_to(office.wait_for(filed.number), "/fall"))
    path = urlsplit(links[1]).path
    citizen.answer(links[1], path, answer="not-ours", message="Das ist Sache des Kreises.")
    return {"case": links[0], "declined": links[1]}


def _sign_in(system: System, chromium: Browser) -> Any:
    context = chromium.new_context(base_url=system.url)
    ClerkAtDesk(system, context.new_page(), CLERKS_BODY)
    session = context.storage_state()
    context.close()
    return session
