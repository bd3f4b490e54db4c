"""Every sentence of intake's pages is there in every language that is offered."""

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from melder_intake.http import docs, outside, presenting, public_pages, sentences, tracking

PACKAGE = Path(str(files("melder_intake")))
PAGES = "http/templates/**.html"


def in_templates() -> set[str]:
    found = extract_from_dir(
        str(PACKAGE),
        [(PAGES, "jinja2")],
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
        options_map={PAGES: {"extensions": "jinja2.ext.do"}},
    )
    said = (message[2] for message in found)
    return {one if isinstance(one, str) else one[0] for one in said}


def in_tables() -> set[str]:
    """Sentences that code picks and pages translate."""
    return {
        *sentences.SENTENCES.values(),
        *presenting.STATE_TITLES.values(),
        *presenting.PHOTO_STATES.values(),
        *(presenting.FOUND, presenting.FOUND_AGAIN, presenting.UNDECIDED),
        *(presenting.HANDED_OVER, presenting.MESSAGE),
        *(name for name, _ in public_pages.STATE_GROUPS.values()),
        *(about for _, about in docs.INTERFACES),
        *(public_pages.MISTYPED, public_pages.NOT_FOUND, outside.SERVED_BY),
        *(tracking.WRONG_LINK, tracking.NOT_RESOLVED, tracking.NOT_REOPENABLE),
    }


def test_every_sentence_is_translated_with_its_placeholders() -> None:
    source = (PACKAGE / "locale" / "en.po").read_bytes()
    catalogue = {message.id: message.string for message in read_po(BytesIO(source)) if message.id}
    translated = {one if isinstance(one, str) else one[0] for one in catalogue}
    assert len(in_templates()) > 150
    assert in_templates() | in_tables() <= translated
    for german, english in catalogue.items():
        assert all(forms(english)), german
        assert placeholders(german) == placeholders(english), german


def forms(text: object) -> tuple[str, ...]:
    """A sentence, or its singular and plural."""
    return tuple(str(one) for one in text) if isinstance(text, list | tuple) else (str(text),)


def placeholders(text: object) -> list[set[str]]:
    return [set(re.findall(r"\{\w+\}|%\(\w+\)s", one)) for one in forms(text)]
