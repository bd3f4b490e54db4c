"""The sentence that tells a citizen who is responsible and why, in German and English."""

from collections.abc import Callable
from dataclasses import dataclass

from melder_common.event_values import Translated
from melder_routing.domain.decision import Rule, Status
from melder_routing.domain.german import Named, german_list, german_metres
from melder_routing.domain.rulebook import Body, Category

SHOWN_WITHIN_M = 500.0
"""A border farther away than this does not matter to a reader (metres)."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the sentence is made of; ``because`` ends it by language, with ``{poss}``."""

    status: Status
    rule: Rule
    region: str
    responsible: Body | None = None
    working: Body | None = None
    serving: Body | None = None
    rivals: tuple[Body, ...] = ()
    neighbour: Body | None = None
    border: bool = False
    snapped: bool = False
    border_distance_m: float | None = None
    municipality: str | None = None
    category: Category | None = None
    because: Translated | None = None


def explain(grounds: Grounds) -> Translated:
    """The reason by language; German is authoritative."""
    german, english = _SENTENCES[grounds.status]
    return {"de": german(grounds), "en": english(grounds)}


def _named(body: Body) -> Named:
    return Named(body.name, body.article, body.place_name)


def _decided_de(grounds: Grounds) -> str:
    body = grounds.responsible
    if body is None:
        raise ValueError("a decided place needs a responsible body")
    opening = "Voraussichtlich" if grounds.border or grounds.snapped else "Nach unseren Daten"
    sentences = [
        f"{opening} zuständig ist {_named(body).nominative}, weil {_because_de(grounds, body)}.",
        _place_de(grounds),
    ]
    if grounds.working and grounds.working.slug != body.slug:
        sentences.append(f"Bearbeitet wird die Meldung {_named(grounds.working).by}.")
    return " ".join(filter(None, sentences))


def _because_de(grounds: Grounds, body: Body) -> str:
    possessive = _named(body).possessive
    given = (grounds.because or {}).get("de")
    if given:
        return given.replace("{poss}", possessive)
    if grounds.rule is Rule.OWN_AREA:
        return f"dieses Gelände {possessive} Aufgabe ist"
    if grounds.rule is Rule.CATEGORY and grounds.category:
        return f"{_subject_de(grounds)} dort {possessive} Aufgabe ist"
    if body.kind == "gemeinde":
        return f"{_subject_de(grounds)} Aufgabe der Gemeinde ist"
    return f"der Ort in {possessive.removesuffix('e')}em Gebiet liegt"


def _subject_de(grounds: Grounds) -> str:
    return f"„{grounds.category.ref.name['de']}“" if grounds.category else "das meiste im Ort"


def _place_de(grounds: Grounds) -> str:
    near = _near_border_de(grounds)
    if grounds.municipality is None:
        return f"Der Ort liegt {near}." if near else ""
    if grounds.snapped:
        return f"Der Ort liegt knapp außerhalb der Grenzen von {grounds.municipality}."
    return f"Der Ort liegt in {grounds.municipality}{', ' + near if near else ''}."


def _near_border_de(grounds: Grounds) -> str:
    if grounds.neighbour is None or grounds.border_distance_m is None:
        return ""
    if grounds.border_distance_m > SHOWN_WITHIN_M:
        return ""
    border = _named(grounds.neighbour).border_to
    if grounds.border_distance_m < 1:
        return f"genau auf der Grenze {border}"
    return f"{german_metres(grounds.border_distance_m)} von der Grenze {border}"


def _ambiguous_de(grounds: Grounds) -> str:
    bodies = german_list([_named(body).nominative for body in grounds.rivals])
    return f"Für diesen Ort kommen mehrere Stellen in Frage: {bodies}. {_clearing_de(grounds)}"


def _unserved_de(grounds: Grounds) -> str:
    if grounds.serving is None:
        return f"Für diesen Ort steht noch nicht fest, wer zuständig ist. {_clearing_de(grounds)}"
    body = _named(grounds.serving).nominative
    return (
        f"Nach unseren Daten zuständig ist {body}, nimmt an diesem Mängelmelder aber nicht teil. "
        f"{_clearing_de(grounds)}"
    )


def _clearing_de(grounds: Grounds) -> str:
    if grounds.working is None:
        return "Wir klären, wer zuständig ist."
    return f"Das klärt {_named(grounds.working).nominative}."


def _outside_de(grounds: Grounds) -> str:
    sentence = (
        f"Dieser Ort liegt außerhalb des Gebiets, für das {grounds.region} Meldungen annimmt."
    )
    if grounds.serving is None:
        return sentence
    return f"{sentence} Zuständig ist dort nach unseren Daten {_named(grounds.serving).nominative}."


def _decided_en(grounds: Grounds) -> str:
    body = grounds.responsible
    if body is None:
        raise ValueError("a decided place needs a responsible body")
    opening = "Probably" if grounds.border or grounds.snapped else "According to our data,"
    sentences = [f"{opening} {body.name} is responsible, because {_because_en(grounds)}."]
    sentences.append(_place_en(grounds))
    if grounds.working and grounds.working.slug != body.slug:
        sentences.append(f"The report is handled by {grounds.working.name}.")
    return " ".join(filter(None, sentences))


def _because_en(grounds: Grounds) -> str:
    given = (grounds.because or {}).get("en")
    if given:
        return given.replace("{poss}", "its")
    if grounds.rule is Rule.OWN_AREA:
        return "these grounds are its duty"
    if grounds.rule is Rule.CATEGORY and grounds.category:
        return f"{_subject_en(grounds)} is its duty there"
    if grounds.responsible and grounds.responsible.kind == "gemeinde":
        return f"{_subject_en(grounds)} is a duty of the municipality"
    return "the place lies in its area"


def _subject_en(grounds: Grounds) -> str:
    if grounds.category is None:
        return "most of what happens locally"
    name = grounds.category.ref.name
    return f"“{name.get('en', name['de'])}”"


def _place_en(grounds: Grounds) -> str:
    near = ""
    metres = grounds.border_distance_m
    if grounds.neighbour is not None and metres is not None and metres <= SHOWN_WITHIN_M:
        where = "exactly on" if metres < 1 else f"{german_metres(metres)} from"
        near = f"{where} the border of {grounds.neighbour.place_name}"
    if grounds.municipality is None:
        return f"The place lies {near}." if near else ""
    if grounds.snapped:
        return f"The place lies just outside the borders of {grounds.municipality}."
    return f"The place lies in {grounds.municipality}{', ' + near if near else ''}."


def _ambiguous_en(grounds: Grounds) -> str:
    bodies = ", ".join(body.name for body in grounds.rivals)
    return f"Several bodies may be responsible for this place: {bodies}. {_clearing_en(grounds)}"


def _unserved_en(grounds: Grounds) -> str:
    if grounds.serving is None:
        return f"It is not yet known who is responsible for this place. {_clearing_en(grounds)}"
    return (
        f"According to our data, {grounds.serving.name} is responsible, but takes no part in this "
        f"service. {_clearing_en(grounds)}"
    )


def _clearing_en(grounds: Grounds) -> str:
    who = grounds.working.name if grounds.working else "The clearing office"
    return f"{who} will find out."


def _outside_en(grounds: Grounds) -> str:
    sentence = f"This place lies outside the area that {grounds.region} takes reports for."
    if grounds.serving is None:
        return sentence
    return f"{sentence} According to our data, {grounds.serving.name} is responsible there."


Sentence = Callable[[Grounds], str]
_SENTENCES: dict[Status, tuple[Sentence, Sentence]] = {
    Status.DECIDED: (_decided_de, _decided_en),
    Status.AMBIGUOUS: (_ambiguous_de, _ambiguous_en),
    Status.UNSERVED: (_unserved_de, _unserved_en),
    Status.OUTSIDE: (_outside_de, _outside_en),
}
