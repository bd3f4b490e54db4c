"""What is wrong at the desk gets a clear answer; nothing typed is lost, nothing happens twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from melder_local.page_forms import form_to, read_forms
from melder_local.people import Citizen, Clerk
from melder_local.system import System, eventually

from .answers import GOOD, citizen, marked, page_text, web

__all__ = ["citizen", "web"]

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]


@pytest.fixture(scope="module")
def clerk(system: System) -> Iterator[Clerk]:
    with Clerk(system.url, *system.clerk("amt-carbaek")) as clerk:
        yield clerk


@pytest.fixture
def case(citizen: Citizen, clerk: Clerk) -> str:
    """The number of a new case that the clerk sees, of somebody who can be asked."""
    filed = citizen.report_by_web({**GOOD, "description": marked()})
    eventually(lambda: clerk.sees(filed.number), what="the case at the desk")
    opened = "Statusseite zum ersten Mal geöffnet"
    eventually(lambda: opened in clerk.case(filed.number), what="the opening of the page")
    return filed.number


def test_a_stale_desk_form_is_refused_and_loses_no_typing(
    system: System, clerk: Clerk, case: str
) -> None:
    outdated = form_to(clerk.case(case), "/message")
    with Clerk(system.url, *system.clerk("amt-carbaek")) as colleague:
        colleague.act(case, "/accept")

    answer = clerk.post(outdated.action, outdated.filled(message="Wir kümmern uns darum."))

    page = page_text(answer, 409)
    assert "Inzwischen hat sich der Fall geändert" in page
    assert "Eingegangen → Angenommen" in page
    back = form_to(page, "/message")
    assert back.filled()["message"] == ["Wir kümmern uns darum."]
    sent = clerk.post(back.action, back.filled())
    assert "Die Nachricht ist gesendet." in page_text(sent, 200)


def test_a_double_click_at_the_desk_acts_once(clerk: Clerk, case: str) -> None:
    form = form_to(clerk.case(case), "/message")
    filled = form.filled(message=f"Antwort {case}")

    with ThreadPoolExecutor(2) as hand:
        clicks = [hand.submit(clerk.post, form.action, filled) for _ in range(2)]
        pages = [page_text(click.result(), 200) for click in clicks]

    assert all("Die Nachricht ist gesendet." in page for page in pages)
    assert clerk.case(case).count(f"Antwort {case}") == 1


@dataclass(frozen=True, slots=True)
class DeskMistake:
    """An action with one wrong field, and what the page says about it."""

    action: str
    field: str
    wrong: str
    told: str


DESK_MISTAKES = {
    "no question": DeskMistake("question", "question", "", "Bitte schreiben Sie Ihre Frage."),
    "NUL byte": DeskMistake("question", "question", "Wo\0genau?", "Steuerzeichen"),
    "too long": DeskMistake("message", "message", "viel " * 900, "zu lang"),
    "no ending": DeskMistake("close", "ending", "", "Bitte wählen Sie ein Ergebnis."),
    "no such reason": DeskMistake("close", "ending", "resolved:x", "Dieser Grund passt nicht"),
    "no such state": DeskMistake("status", "target", "x", "Bitte wählen Sie einen Zustand."),
}


@pytest.mark.parametrize("mistake", DESK_MISTAKES.values(), ids=DESK_MISTAKES)
def test_the_desk_says_what_is_wrong_with_a_form(
    clerk: Clerk, case: str, mistake: DeskMistake
) -> None:
    clerk.act(case, "/accept")
    form = form_to(clerk.case(case), f"/{mistake.action}")

    answer = clerk.post(form.action, form.filled(**{mistake.field: mistake.wrong}))

    page = page_text(answer, 422)
    assert mistake.told in page
    if mistake.field in {"question", "message"}:
        (kept,) = form_to(page, f"/{mistake.action}").filled()[mistake.field]
        assert kept.strip() == mistake.wrong.replace("\0", "").strip()


@pytest.mark.parametrize("token", ["", "wrong", "\0"])
def test_a_form_of_another_site_changes_nothing_at_the_desk(
    clerk: Clerk, case: str, token: str
) -> None:
    form = form_to(clerk.case(case), "/accept")
    page_text(clerk.post(form.action, form.filled(csrf=token)), 403)
    assert "/accept" in {form.action.rpartition(case)[2] for form in read_forms(clerk.case(case))}


def test_nobody_signs_in_with_what_is_no_password(web: httpx.Client) -> None:
    form = form_to(web.get("/desk/login").text, "/desk/login")
    for login in (f"{uuid4().hex}@amt.example", "\0", "x" * 5000):
        answer = web.post("/desk/login", data=form.filled(login=login, password="falsch\0"))
        assert "passen nicht zusammen" in page_text(answer, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/desk/nowhere", "/me/nowhere", "/photos/nowhere/list.webp",
        "/meldungen/%00", "/meldungen/UNICORN1", "/meldungen/suche?nummer=%F0%9F%A6%84",
        "/m/K7M4Q2X8/wrong", "/me/confirm/wrong", "/me/unsubscribe/wrong", "/me/not-me/%00",
        "/desk/cases/UNICORN1", "/desk/cases/%00",
    ],
)  # fmt: skip
def test_addresses_nobody_made_show_a_page(clerk: Clerk, path: str) -> None:
    answer = clerk.get(path)
    page_text(answer, 400 if "%00" in path else 404)


@pytest.mark.parametrize(
    "path",
    [
        "/meldungen?zustand=x&kategorie=x&stelle=x&suche=%ED%A0%80&nach=x",
        "/melden?lat=NaN&long=x&service_code=x&photo=x",
        "/desk/?view=x&queue=x&state=x&category=x&body=x&border=x&after=x&number=x",
        "/desk/login?next=//example.org",
    ],
)
def test_queries_nobody_made_are_left_out(clerk: Clerk, path: str) -> None:
    page_text(clerk.get(path), 200)
