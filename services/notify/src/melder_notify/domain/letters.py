"""The words of every mail: what is said, in which order, whatever it will look like.

Each sentence stands here once, in German, and is looked up in the reporter's language; text and
HTML are two renderings of the same letter. Nothing that a reporter typed is ever said: a receipt
goes to an address that nobody has confirmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from melder_notify.domain.news import News, Topic


class Words(Protocol):
    """A language: looks German sentences up, and writes moments as people do."""

    def __call__(self, german: str) -> str:
        """The sentence in this language."""

    def answer(self, text: str) -> str:
        """What a body said, translated if it used the system's own words."""

    def moment(self, at: datetime) -> str:
        """Day and time of day, e.g. ``23. November 2026, 14:05 Uhr``."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain words; ``small`` ones are for the end of a letter."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Short things to look up: (label, value)."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """The words of ``by``, lines kept."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Somewhere to go; ``main`` ones look like a button."""

    label: str
    url: str
    main: bool = False


Block = Paragraph | Facts | Quote | Link


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is rendered. ``sender`` is a body or the region, never a person."""

    subject: str
    headline: str
    greeting: str
    blocks: tuple[Block, ...]
    sender: str
    closing: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What letters may know of a report: its number and what routing says about it.

    ``answers_read``: whether somebody reads what is sent to the sender's address.
    """

    number: str
    region: str
    category: str | None = None
    municipality: str | None = None
    responsible: str | None = None
    reason: str | None = None
    usual_days: float | None = None
    answers_read: bool = False


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages; all but the tracking page are notify's own."""

    tracking: str | None
    confirm: str
    unsubscribe: str
    not_me: str


def write_receipt(matter: Matter, links: Links, words: Words, *, confirmed: bool) -> Letter:
    """The one receipt: number, who is responsible and why, how long, where to look."""
    blocks: list[Block] = [
        Paragraph(words("vielen Dank. Ihre Meldung ist angekommen.")),
        Facts(_receipt_facts(matter, words)),
    ]
    if links.tracking:
        blocks += [
            Paragraph(words("Auf dieser Seite sehen Sie jederzeit, wie es weitergeht:")),
            Link(words("Meine Meldung ansehen"), links.tracking, main=True),
        ]
    if not confirmed:
        blocks += _invitation_to_confirm(links, words)
    return Letter(
        subject=words("Ihre Meldung {number} ist angekommen").format(number=matter.number),
        headline=words("Ihre Meldung ist angekommen"),
        greeting=words("Guten Tag,"),
        blocks=tuple(blocks),
        sender=matter.responsible or matter.region,
        closing=(
            Paragraph(
                words(
                    "Sie haben nichts gemeldet? Dann hat jemand versehentlich Ihre Adresse "
                    "angegeben. Hier können Sie sie sofort löschen lassen:"
                ),
                small=True,
            ),
            Link(words("Das war ich nicht"), links.not_me),
            *_where_to_answer(matter, words),
        ),
    )


def write_question(
    question: News, earlier: Sequence[News], matter: Matter, links: Links, words: Words
) -> Letter:
    """A body asks; the answer is given on the tracking page."""
    body = question.body or matter.region
    blocks: list[Block] = [
        Paragraph(words("{body} hat eine Frage zu Ihrer Meldung:").format(body=body)),
        Quote(body, question.text or ""),
        *_button(words("Frage beantworten"), links),
        *_earlier_news(earlier, matter, words),
    ]
    return Letter(
        subject=words("Rückfrage zu Ihrer Meldung {number}").format(number=matter.number),
        headline=words("Wir haben eine Frage"),
        greeting=words("Guten Tag,"),
        blocks=tuple(blocks),
        sender=body,
        closing=_farewell(matter, links, words),
    )


def write_status(news: Sequence[News], matter: Matter, links: Links, words: Words) -> Letter:
    """What has changed since the last mail, the oldest first; ``news`` is not empty."""
    latest = news[-1].body or matter.responsible or matter.region
    blocks: list[Block] = []
    for piece in news:
        blocks += _tell(piece, matter, words, dated=len(news) > 1)
    return Letter(
        subject=words("Neues zu Ihrer Meldung {number}").format(number=matter.number),
        headline=words("Es gibt Neues zu Ihrer Meldung"),
        greeting=words("Guten Tag,"),
        blocks=(*blocks, *_button(words("Meine Meldung ansehen"), links)),
        sender=latest,
        closing=_farewell(matter, links, words),
    )


def write_closing(
    end: News, earlier: Sequence[News], matter: Matter, links: Links, words: Words
) -> Letter:
    """The end: fixed, or the reason why not, and the way to say that it is not fixed."""
    body = end.body or matter.responsible or matter.region
    ending = _ENDINGS.get(end.state or "", _ENDINGS["resolved"])
    blocks: list[Block] = [Paragraph(words(ending.sentence).format(body=body))]
    if end.text:
        blocks.append(Quote(body, words.answer(end.text)))
    if end.state == "resolved":
        blocks.append(
            Paragraph(
                words(
                    "Stimmt das? Sagen Sie uns, ob es wirklich behoben ist. "
                    "28 Tage lang können Sie die Meldung wieder öffnen."
                )
            )
        )
    blocks += [*_button(words(ending.button), links), *_earlier_news(earlier, matter, words)]
    return Letter(
        subject=words(ending.subject).format(number=matter.number),
        headline=words(ending.headline),
        greeting=words("Guten Tag,"),
        blocks=tuple(blocks),
        sender=body,
        closing=_farewell(matter, links, words),
    )


def _receipt_facts(matter: Matter, words: Words) -> tuple[tuple[str, str], ...]:
    facts = [(words("Nummer"), matter.number)]
    if matter.category:
        facts.append((words("Thema"), matter.category))
    if matter.municipality:
        facts.append((words("Ort"), matter.municipality))
    if matter.responsible:
        facts.append((words("Zuständig"), matter.responsible))
        if matter.reason:
            facts.append((words("Warum"), matter.reason))
    else:
        clearing = words("Wir klären gerade, wer zuständig ist. Darum kümmern wir uns.")
        facts.append((words("Zuständig"), matter.reason or clearing))
    facts.append((words("So lange dauert es meist"), _usual_time(matter.usual_days, words)))
    return tuple(facts)


def _usual_time(days: float | None, words: Words) -> str:
    if days is None:
        return words("Das wissen wir hier noch nicht.")
    if days < 1:
        return words("weniger als einen Tag")
    if days < 1.5:
        return words("etwa einen Tag")
    if days < 14:
        return words("etwa {days} Tage").format(days=round(days))
    return words("etwa {weeks} Wochen").format(weeks=round(days / 7))


def _invitation_to_confirm(links: Links, words: Words) -> list[Block]:
    return [
        Paragraph(words("Möchten Sie per E-Mail hören, wie es weitergeht?")),
        Link(words("E-Mail-Adresse bestätigen"), links.confirm, main=True),
        Paragraph(
            words(
                "Der Link gilt 7 Tage. Ohne Ihre Bestätigung schreiben wir Ihnen nicht noch einmal "
                "und löschen Ihre Adresse. Ihre Meldung bearbeiten wir trotzdem."
            )
        ),
    ]


def _tell(piece: News, matter: Matter, words: Words, *, dated: bool) -> list[Block]:
    body = piece.body or matter.responsible or matter.region
    sentence = words(_sentence_of(piece)).format(body=body)
    if dated:
        sentence = f"{words.moment(piece.at)}: {sentence}"
    blocks: list[Block] = [Paragraph(sentence)]
    if piece.text:
        blocks.append(Quote(body, words.answer(piece.text)))
    return blocks


def _sentence_of(piece: News) -> str:
    if piece.topic is Topic.STATE:
        if piece.reopened:
            return _REOPENED
        return _STATES.get(piece.state or "", _OTHER_STATE)
    return _TOPICS.get(piece.topic, _OTHER_STATE)


def _earlier_news(earlier: Sequence[News], matter: Matter, words: Words) -> list[Block]:
    if not earlier:
        return []
    blocks: list[Block] = [Paragraph(words("Was vorher geschah:"))]
    for piece in earlier:
        blocks += _tell(piece, matter, words, dated=True)
    return blocks


def _button(label: str, links: Links) -> list[Block]:
    return [Link(label, links.tracking, main=True)] if links.tracking else []


def _farewell(matter: Matter, links: Links, words: Words) -> tuple[Block, ...]:
    return (
        *_where_to_answer(matter, words),
        Paragraph(words("Sie möchten zu dieser Meldung keine Mails mehr?"), small=True),
        Link(words("Mails abbestellen"), links.unsubscribe),
    )


def _where_to_answer(matter: Matter, words: Words) -> tuple[Block, ...]:
    return () if matter.answers_read else (Paragraph(words(_NO_ANSWERS), small=True),)


@dataclass(frozen=True, slots=True)
class _Ending:
    subject: str
    headline: str
    sentence: str
    button: str


def _(german: str) -> str:
    """Marks a sentence for the translators; it is looked up where it is said."""
    return german


_NO_ANSWERS = _(
    "Antworten auf diese Mail liest leider niemand. "
    "Schreiben Sie uns bitte auf der Seite Ihrer Meldung."
)
_ENDINGS = {
    "resolved": _Ending(
        _("Ihre Meldung {number} ist erledigt"),
        _("Ihre Meldung ist erledigt"),
        _("gute Nachricht: {body} meldet, dass die Sache behoben ist."),
        _("Ist es wirklich behoben?"),
    ),
    "not_actionable": _Ending(
        _("Ihre Meldung {number} ist abgeschlossen"),
        _("Wir können hier leider nichts tun"),
        _("{body} hat Ihre Meldung geprüft und kann hier leider nichts tun."),
        _("Meine Meldung ansehen"),
    ),
    "duplicate": _Ending(
        _("Ihre Meldung {number} war schon bekannt"),
        _("Jemand war schon vor Ihnen da"),
        _("{body} kennt die Sache schon aus einer anderen Meldung und bearbeitet sie dort."),
        _("Meine Meldung ansehen"),
    ),
}
_STATES = {
    "received": _("Ihre Meldung liegt bei: {body}."),
    "accepted": _("{body} hat Ihre Meldung angenommen."),
    "planned": _("{body} hat die Arbeit eingeplant."),
    "in_progress": _("{body} arbeitet daran."),
    "forwarded": _("{body} hat Ihre Meldung an eine andere Stelle weitergegeben."),
}
_REOPENED = _("{body} hat Ihre Meldung wieder geöffnet.")
_OTHER_STATE = _("{body} hat Ihre Meldung weiterbearbeitet.")
_TOPICS = {
    Topic.RESPONSIBLE: _("Für Ihre Meldung ist jetzt zuständig: {body}."),
    Topic.WORD: _("{body} schreibt Ihnen:"),
    Topic.QUESTION: _("{body} hat gefragt:"),
    Topic.SEPARATED: _("Ihre Meldung wird wieder für sich bearbeitet, von: {body}."),
}
