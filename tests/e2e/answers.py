"""Who asks at the doors, and how an answer of each format is read and judged."""

from collections.abc import Iterator
from uuid import uuid4
from xml.etree import ElementTree as ET

import httpx
import pytest

from melder_local.page_forms import PageForm, form_to
from melder_local.people import Citizen
from melder_local.system import System, eventually

GOOD = {"service_code": "road-pothole", "lat": "54.0800", "long": "12.2700"}


@pytest.fixture(scope="module")
def citizen(system: System) -> Iterator[Citizen]:
    with Citizen(system.url, api_key=system.info()["OPEN311_KEY"]) as citizen:
        yield citizen


@pytest.fixture
def web(system: System) -> Iterator[httpx.Client]:
    """A browser without scripts."""
    headers = {"Accept": "text/html", "Accept-Language": "de"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=60) as browser:
        yield browser


@pytest.fixture
def app(system: System) -> Iterator[httpx.Client]:
    """A program that says nothing about what it would like to read."""
    with httpx.Client(base_url=system.url, timeout=60) as client:
        yield client


def shown_once(citizen: Citizen, words: str) -> bool:
    """Whether the public sees these words, and sees them once."""
    shown = eventually(lambda: citizen.shown_texts(words), what="the report in public")
    return shown == {words: 1}


def marked() -> str:
    """Words that stand nowhere else, to ask afterwards whether they were kept."""
    return f"Loch {uuid4().hex[:12]}"


def page_text(answer: httpx.Response, status: int) -> str:
    """The text of an error page."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    assert '<html lang="de"' in answer.text
    assert "<h1" in answer.text
    return answer.text


def open311_errors(answer: httpx.Response, form: str, status: int) -> list[tuple[str, str]]:
    """Codes and descriptions of an errors document."""
    assert answer.status_code == status, answer.text[:500]
    if form == "json":
        assert answer.headers["content-type"].startswith("application/json")
        return [(error["code"], error["description"]) for error in answer.json()]
    assert answer.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(answer.content)  # noqa: S314 (our own answer)
    assert root.tag == "errors"
    return [(str(one.findtext("code")), str(one.findtext("description"))) for one in root]


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """An RFC 9457 document."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = answer.json()
    assert document["status"] == status
    assert document["title"]
    return document


def report_form(web: httpx.Client) -> PageForm:
    return form_to(web.get("/melden").text, "/melden")


def still_typed(page: str) -> str:
    """What stands in the description field of a form that came back."""
    (typed,) = form_to(page, "/melden").filled()["description"]
    return typed
