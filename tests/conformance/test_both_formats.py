"""XML and JSON say the same, and what people write arrives in both as they wrote it."""

import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from melder_local.people import Clerk
from melder_local.system import System, eventually

from .server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

RLO, ISOLATE, POP = "\u202e", "\u2067", "\u2069"
KEPT = {
    "umlauts": "Größe, Übergang, Straße, ẞ, naïve Œuvre",
    "emoji with modifiers": "🚧 👩🏽‍🔧 🏳️‍🌈 ✍🏿 🇩🇪 ☎️",
    "markup": "<script>alert(1)</script> & &amp; <![CDATA[x]]> ]]> <!-- --> &#x41; %3Cb%3E",
    "line breaks and tabs": "eins\nzwei\n\n\tdrei",
    "right to left": "חור בכביש, حفرة في الطريق\u200f (Straße)\u200e!",
    "quotes and templates": "\"'` „“ ‚‘ {{7*7}} ${x} {0} %s \\n \\u0041",
    "Arabic digits and marks": "٣ حفر — ½ m² · 3 × 4 ≤ 5",
    "spaces": "schmal\u2009fest\u00a0breit\u3000Ende",
}
CHANGED = {
    "Windows line ends": ("eins\r\nzwei\rdrei", "eins\nzwei\ndrei"),
    "two code points for one letter": ("Gro\u0308ße", "Größe"),
    "characters that turn the line round": (f"Loch {RLO}txt{ISOLATE}x{POP}", "Loch txtx"),
    "white space around": ("  Loch \n", "Loch"),
}
# Digits and @ may look like a phone number or a mail address, which the public never sees.
LETTERS = st.characters(
    exclude_categories=["Cc", "Cs", "Cn", "Co", "Nd", "Cf"], exclude_characters="@\u2028\u2029"
)
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=80), min_size=6, max_size=6)


def public(server: Server, number: str, form: str) -> str:
    """A description as the public reads it, once it does."""
    server.wait_for(number, "description")
    return str(server.request(form, number)["description"])


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_texts_arrive_as_written(server: Server, text: str) -> None:
    numbers = [server.report(form, description=text) for form in ("xml", "json")]
    for number in numbers:
        assert [public(server, number, form) for form in ("xml", "json")] == [text, text]


@pytest.mark.parametrize(("text", "becomes"), CHANGED.values(), ids=CHANGED.keys())
def test_texts_are_cleaned_and_no_more(server: Server, text: str, becomes: str) -> None:
    number = server.report("xml", description=text)
    assert {public(server, number, form) for form in ("xml", "json")} == {becomes}


def test_texts_survive_the_release_by_a_clerk(server: Server, system: System) -> None:
    """For a category whose texts wait for review."""
    text = "\n".join(KEPT.values())
    number = server.report("xml", description=text, service_code="tree-damage")
    with Clerk(system.url, *system.clerk("amt-carbaek")) as clerk:
        eventually(lambda: clerk.sees(number), what="the case at the desk")
        assert server.request("json", number)["description"] is None
        clerk.act(number, "/text")
    assert [public(server, number, form) for form in ("xml", "json")] == [text, text]


@settings(
    max_examples=8, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(TEXTS)
@example(["&amp;", "]]>", "<", ">", '"', "'"])
def test_any_text_is_the_same_in_both_formats(server: Server, texts: list[str]) -> None:
    written = [unicodedata.normalize("NFC", text).strip() for text in texts]
    numbers = [
        server.report("xml" if index % 2 else "json", description=text)
        for index, text in enumerate(texts)
    ]
    for number, text in zip(numbers, written, strict=True):
        if text:
            server.wait_for(number, "description")
    for form in ("xml", "json"):
        found = {one["service_request_id"]: one for one in by_ids(server, form, numbers)}
        assert [found[number]["description"] or "" for number in numbers] == written


def by_ids(server: Server, form: str, numbers: list[str]) -> list[dict[str, Any]]:
    return server.requests(form, service_request_id=",".join(numbers))


@pytest.mark.parametrize(
    ("resource", "params"),
    [
        ("discovery", {}),
        ("services", {}),
        ("services", {"locale": "en"}),
        ("services", {"lat": "54.08", "long": "12.27"}),
        ("requests", {}),
        ("requests", {"extensions": "true"}),
        ("requests", {"extensions": "citysdk,media,geometry"}),
    ],
    ids=str,
)
def test_the_formats_say_the_same(server: Server, resource: str, params: dict[str, str]) -> None:
    settled = {"service_request_id": ",".join(server.shown)} if resource == "requests" else {}
    xml, json = (server.get(resource, form, **params, **settled).data() for form in ("xml", "json"))
    assert xml == json


def test_every_definition_says_the_same(server: Server) -> None:
    for service in server.services("json"):
        resource = f"services/{service['service_code']}"
        xml, json = (server.get(resource, form).data() for form in ("xml", "json"))
        assert xml == json
