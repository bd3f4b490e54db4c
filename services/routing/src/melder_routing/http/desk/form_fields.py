"""Reading a desk form: who sent it, from which version, and texts that can be stored."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from melder_common.idempotency import content_hash
from melder_common.text import TextRefused, clean_text
from melder_web import FormErrors
from melder_web.forms import FORM_TOKEN_FIELD, is_form_token, new_form_token

LONGEST_TEXT = 4000
TEXTS = ("question", "message", "text")
CODES = ("target", "ending", "category", "lat", "long", "answer")

_SAID = {
    "text_too_long": f"Der Text ist zu lang: höchstens {LONGEST_TEXT} Zeichen.",
    "text_control": "Der Text enthält unsichtbare Steuerzeichen. Bitte entfernen Sie diese.",
    "text_surrogate": "Der Text enthält ein unvollständiges Zeichen. Bitte entfernen Sie es.",
}


@dataclass(frozen=True)
class DeskForm:
    """What a form sent. ``typed`` holds the texts as they may be shown again in the fields."""

    version: int
    token: str
    typed: dict[str, str]
    codes: dict[str, str]
    flags: frozenset[str]
    errors: FormErrors = field(default_factory=FormErrors)

    def text(self, name: str) -> str:
        """The cleaned text of a field; empty when nothing was typed."""
        return self.typed.get(name, "")

    def key(self, path: str) -> str:
        """The idempotency key: this rendering of the form with exactly this content."""
        content = {"path": path, **self.typed, **self.codes, "flags": sorted(self.flags)}
        return f"{self.token}:{content_hash(content).hex()[:32]}"


def read_form(form: FormData) -> DeskForm:
    """Read what was sent; what is wrong with a text stands in ``errors``."""
    errors = FormErrors()
    typed = {name: _text(form.get(name, ""), name, errors) for name in TEXTS if name in form}
    version = str(form.get("version", ""))
    token = str(form.get(FORM_TOKEN_FIELD, ""))
    return DeskForm(
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
        token=token if is_form_token(token) else new_form_token(),
        typed=typed,
        codes={name: str(form.get(name, ""))[:80] for name in CODES if name in form},
        flags=frozenset(name for name in ("public", "preview") if form.get(name)),
        errors=errors,
    )


def _text(value: Any, name: str, errors: FormErrors) -> str:
    if not isinstance(value, str):
        errors.add(name, "Hier gehört ein Text hin, keine Datei.")
        return ""
    try:
        return clean_text(value, max_length=LONGEST_TEXT, multiline=True)
    except TextRefused as refused:
        errors.add(name, _SAID.get(refused.code, "Dieser Text lässt sich nicht speichern."))
        kept = "".join(c for c in value if c.isprintable() or c in "\n\t")
        return kept.encode("utf-8", "ignore").decode()[: 2 * LONGEST_TEXT]
