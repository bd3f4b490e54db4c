"""Every sentence of notify's mails and pages is there in every language."""

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

PACKAGE = Path(str(files("melder_notify")))
METHODS = [("domain/**.py", "python"), ("http/templates/**.html", "jinja2")]


def sentences() -> set[str]:
    keywords = {"words": None, "_": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(str(PACKAGE), METHODS, keywords=keywords)
    return {message[2] for message in found if isinstance(message[2], str)}


@pytest.mark.parametrize("language", ["en"])
def test_every_sentence_is_translated_with_its_placeholders(language: str) -> None:
    source = (PACKAGE / "locale" / f"{language}.po").read_bytes()
    catalogue = {message.id: message.string for message in read_po(BytesIO(source)) if message.id}
    wanted = sentences()
    assert len(wanted) > 60
    assert wanted == set(catalogue)
    for german, translated in catalogue.items():
        assert translated, german
        assert placeholders(german) == placeholders(str(translated)), german


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}|%\(\w+\)s", text))
