"""The mail that brings a body the link to one of its cases.

Nothing that a reporter wrote is said here: text and photos stand on the page behind the link, and
only what is released. Address and link come sealed and exist in memory only.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from melder_notify.domain.letters import Block, Facts, Letter, Link, Paragraph, Words

CASE_LINK = "case_link"
"""The kind of these mails, as the desk's mail log calls them."""


class UnreadableLetter(ValueError):
    """A sealed letter was opened, but what lay inside is none."""


@dataclass(frozen=True, slots=True)
class CaseLetter:
    """What lies in the sealed letter; the place only where it may be told by mail."""

    email: str
    url: str
    lat: float | None = None
    long: float | None = None
    address: str | None = None

    def __repr__(self) -> str:
        """Neither mailbox nor link, so that no traceback or log line tells them."""
        return "CaseLetter(…)"

    @classmethod
    def from_json(cls, plain: bytes) -> "CaseLetter":
        """Read an opened letter; unknown fields are ignored. Raises UnreadableLetter."""
        try:
            fields = json.loads(plain)
            email, url = fields["email"], fields["url"]
        except (ValueError, TypeError, KeyError) as broken:
            raise UnreadableLetter("the opened letter holds no mailbox and link") from broken
        if not (isinstance(email, str) and isinstance(url, str) and _is_web_address(url)):
            raise UnreadableLetter("the opened letter holds no mailbox and link")
        address = fields.get("address")
        return cls(
            email=email,
            url=url,
            lat=_degrees(fields.get("lat")),
            long=_degrees(fields.get("long")),
            address=address if isinstance(address, str) else None,
        )


def _is_web_address(value: str) -> bool:
    parts = urlsplit(value)
    clean = not any(character <= " " for character in value)
    return clean and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _degrees(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


class DatedWords(Words, Protocol):
    """A language that writes days and places, too."""

    def day(self, at: datetime) -> str:
        """The day alone, e.g. ``23. November 2026``."""

    def coordinates(self, lat: float, long: float) -> str:
        """A place, e.g. ``54,08870° N, 12,14050° O``."""


@dataclass(frozen=True, slots=True)
class CaseMatter:
    """What the mail may know of the case; names are in its language already."""

    number: str
    occasion: str
    body: str
    region: str
    responsible: str | None
    category: str
    municipality: str | None
    hazard: bool
    due_at: datetime
    ask: str
    ask_contact: str | None


def write_case_letter(matter: CaseMatter, letter: CaseLetter, words: DatedWords) -> Letter:
    """Whose case, what, where, until when, the link, and who answers questions."""
    occasion = _OCCASIONS.get(matter.occasion, _OCCASIONS["new"])
    what = matter.category
    if matter.municipality:
        what = words("{what} in {place}").format(what=what, place=matter.municipality)
    subject = words(occasion.subject).format(what=what, number=matter.number)
    return Letter(
        subject=words("Gefahr: {subject}").format(subject=subject) if matter.hazard else subject,
        headline=words(occasion.headline),
        greeting=words("Guten Tag,"),
        blocks=(
            Paragraph(words(occasion.sentence).format(body=matter.body)),
            *_hazard(matter, words),
            Facts(_facts(matter, letter, words)),
            Link(words("Fall ansehen und antworten"), letter.url, main=True),
            Paragraph(words(_WHAT_THE_LINK_IS)),
        ),
        sender=matter.region,
        closing=_closing(matter, words),
    )


def _hazard(matter: CaseMatter, words: Words) -> tuple[Block, ...]:
    if not matter.hazard:
        return ()
    return (Paragraph(words("Die meldende Person hält die Stelle für gefährlich.")),)


def _facts(
    matter: CaseMatter, letter: CaseLetter, words: DatedWords
) -> tuple[tuple[str, str], ...]:
    facts = [(words("Nummer"), matter.number), (words("Thema"), matter.category)]
    if matter.municipality:
        facts.append((words("Ort"), matter.municipality))
    if letter.address:
        facts.append((words("Adresse"), letter.address))
    if letter.lat is not None and letter.long is not None:
        facts.append((words("Koordinaten"), words.coordinates(letter.lat, letter.long)))
    else:
        facts.append((words("Genaue Stelle"), words("steht nur auf der Seite")))
    if matter.responsible and matter.responsible != matter.body:
        facts.append((words("Zuständig"), matter.responsible))
    facts.append((words("Bitte bis"), words.day(matter.due_at)))
    return tuple(facts)


def _closing(matter: CaseMatter, words: Words) -> tuple[Block, ...]:
    contact = matter.ask_contact or ""
    named = contact if matter.ask in contact else f"{matter.ask} {contact}".strip()
    return (
        Paragraph(words("Fragen beantwortet: {name}").format(name=named), small=True),
        Paragraph(words(_ANSWER_THERE), small=True),
    )


@dataclass(frozen=True, slots=True)
class _Occasion:
    subject: str
    headline: str
    sentence: str


def _(german: str) -> str:
    """Marks a sentence for the translators; it is looked up where it is said."""
    return german


_OCCASIONS = {
    "new": _Occasion(
        _("Neuer Fall: {what} ({number})"),
        _("Ein neuer Fall für Sie"),
        _("es wurde ein Mangel gemeldet. Nach unseren Daten kümmert sich darum: {body}."),
    ),
    "again": _Occasion(
        _("Fall für Sie: {what} ({number})"),
        _("Ein Fall für Sie"),
        _("dieser Fall liegt (wieder) bei Ihnen: {body}. Ein früherer Link gilt nicht mehr."),
    ),
    "reopened": _Occasion(
        _("Wieder offen: {what} ({number})"),
        _("Der Fall ist wieder offen"),
        _("dieser Fall war abgeschlossen und ist wieder offen. Er liegt bei: {body}."),
    ),
    "reminder": _Occasion(
        _("Erinnerung: {what} ({number})"),
        _("Wir warten auf Ihre Antwort"),
        _("zu diesem Fall haben wir noch nichts gehört. Er liegt bei: {body}."),
    ),
}
_WHAT_THE_LINK_IS = _(
    "Der Link öffnet nur diesen einen Fall, ohne Passwort. Wer ihn hat, kann für Sie antworten: "
    "Geben Sie ihn nur an die weiter, die den Fall bearbeiten."
)
_ANSWER_THERE = _(
    "Antworten auf diese Mail liest niemand. Bitte antworten Sie auf der Seite des Falls."
)
