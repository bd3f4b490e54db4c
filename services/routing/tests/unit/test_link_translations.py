"""Every sentence of the page behind a link is there in every language."""

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from melder_routing.domain.link_answers import ANSWERS
from melder_routing.domain.remote_status import word_for
from melder_routing.http.desk.form_fields import _SAID

PACKAGE = Path(str(files("melder_routing")))
PAGES = "http/templates/link/**.html"
METHODS = [("http/link/**.py", "python"), (PAGES, "jinja2")]


def sentences() -> set[str]:
    found = extract_from_dir(
        str(PACKAGE),
        METHODS,
        keywords={"_": None, "gettext": None},
        options_map={PAGES: {"extensions": "jinja2.ext.do"}},
    )
    plain = {message[2] for message in found if isinstance(message[2], str)}
    given = {
        word_for(one.status) for one in ANSWERS.values() if one.code not in {"note", "not-ours"}
    }
    return plain | given | set(_SAID.values())


def test_every_sentence_is_translated_with_its_placeholders() -> None:
    source = (PACKAGE / "locale" / "en.po").read_bytes()
    catalogue = {message.id: message.string for message in read_po(BytesIO(source)) if message.id}
    assert sentences() == set(catalogue)
    for german, english in catalogue.items():
        assert english, german
        assert placeholders(str(german)) == placeholders(str(english)), german


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
