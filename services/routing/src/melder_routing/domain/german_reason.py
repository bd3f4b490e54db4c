"""The sentence of a decision in German, the authoritative one."""

from melder_routing.domain.decision import Rule
from melder_routing.domain.german import Named, german_list, german_metres
from melder_routing.domain.grounds import Grounds
from melder_routing.domain.rulebook import Body
from melder_routing.domain.site import Road

ROADS = {
    "A": "eine Autobahn",
    "B": "eine Bundesstraße",
    "L": "eine Landesstraße",
    "K": "eine Kreisstraße",
    "G": "eine Gemeindestraße",
}


def decided(grounds: Grounds, body: Body) -> str:
    """Who is responsible, why, where the place lies, and who does the work."""
    opening = "Voraussichtlich" if grounds.border or grounds.snapped else "Nach unseren Daten"
    sentences = [
        f"{opening} zuständig ist {named(body).nominative}, weil {_because(grounds, body)}.",
        _place(grounds),
    ]
    if grounds.working and grounds.working.slug != body.slug:
        sentences.append(f"Bearbeitet wird die Meldung {named(grounds.working).by}.")
    return " ".join(filter(None, sentences))


def ambiguous(grounds: Grounds) -> str:
    """Several bodies claim the place."""
    bodies = german_list([named(body).nominative for body in grounds.rivals])
    return f"Für diesen Ort kommen mehrere Stellen in Frage: {bodies}. {_clearing(grounds)}"


def unserved(grounds: Grounds) -> str:
    """Nobody is responsible here, or somebody who takes no part."""
    body = grounds.serving
    if body is None:
        return f"Für diesen Ort steht noch nicht fest, wer zuständig ist. {_clearing(grounds)}"
    contact = body.contact.get("de")
    reach = f"; Sie erreichen sie so: {contact.rstrip('.')}" if contact else ""
    return (
        f"Nach unseren Daten zuständig ist {named(body).nominative}, weil "
        f"{_because(grounds, body)}. Diese Stelle nimmt an diesem Mängelmelder nicht teil{reach}. "
        f"Wie es weitergeht, klärt {_clearing_body(grounds)}."
    )


def outside(grounds: Grounds) -> str:
    """No reports are taken here."""
    sentence = (
        f"Dieser Ort liegt außerhalb des Gebiets, für das {grounds.region} Meldungen annimmt."
    )
    if grounds.serving is None:
        return sentence
    return f"{sentence} Zuständig ist dort nach unseren Daten {named(grounds.serving).nominative}."


def named(body: Body) -> Named:
    """The body's name with its grammar."""
    return Named(body.name, body.article, body.place_name)


def _because(grounds: Grounds, body: Body) -> str:
    possessive = named(body).possessive
    given = (grounds.because or {}).get("de")
    if given:
        return given.replace("{poss}", possessive)
    by_step = {
        Rule.ASSET: _runs_asset,
        Rule.AGREEMENT: _agreed,
        Rule.ROAD: _has_road,
        Rule.OWN_AREA: _has_grounds,
        Rule.CATEGORY: _has_category,
    }.get(grounds.rule)
    return by_step(grounds, body) if by_step else _has_place(grounds, body)


def _runs_asset(grounds: Grounds, body: Body) -> str:
    number = f" mit der Nummer {grounds.asset.number}" if grounds.asset else ""
    return f"{named(body).pronoun} den gemeldeten Gegenstand{number} betreibt"


def _agreed(grounds: Grounds, body: Body) -> str:
    partner = f" mit {named(grounds.partner).dative}" if grounds.partner else ""
    return (
        f"{named(body).pronoun} sich nach einer Vereinbarung{partner} um diesen Abschnitt der "
        "Grenze kümmert"
    )


def _has_road(grounds: Grounds, body: Body) -> str:
    road = _road(grounds.road) if grounds.road else "eine Straße"
    return f"hier {road} verläuft und {_subject(grounds)} dort {named(body).possessive} Aufgabe ist"


def _road(road: Road) -> str:
    name = f" ({road.name})" if road.name else ""
    through = ""
    if road.road_class in {"B", "L", "K"}:
        through = " in einer Ortsdurchfahrt" if road.in_town else " außerhalb der Ortsdurchfahrten"
    return f"{ROADS[road.road_class]}{name}{through}"


def _has_grounds(_grounds: Grounds, body: Body) -> str:
    return f"dieses Gelände {named(body).possessive} Aufgabe ist"


def _has_category(grounds: Grounds, body: Body) -> str:
    if grounds.category is None:
        return _has_place(grounds, body)
    return f"{_subject(grounds)} dort {named(body).possessive} Aufgabe ist"


def _has_place(grounds: Grounds, body: Body) -> str:
    if body.kind == "gemeinde":
        return f"{_subject(grounds)} Aufgabe der Gemeinde ist"
    return f"der Ort in {named(body).possessive.removesuffix('e')}em Gebiet liegt"


def _subject(grounds: Grounds) -> str:
    return f"„{grounds.category.ref.name['de']}“" if grounds.category else "das meiste im Ort"


def _place(grounds: Grounds) -> str:
    near = _near_border(grounds)
    if grounds.municipality is None:
        return f"Der Ort liegt {near}." if near else ""
    if grounds.snapped:
        return f"Der Ort liegt knapp außerhalb der Grenzen von {grounds.municipality}."
    return f"Der Ort liegt in {grounds.municipality}{', ' + near if near else ''}."


def _near_border(grounds: Grounds) -> str:
    if not grounds.near_border or grounds.neighbour is None or grounds.border_distance_m is None:
        return ""
    border = named(grounds.neighbour).border_to
    if grounds.border_distance_m < 1:
        return f"genau auf der Grenze {border}"
    return f"{german_metres(grounds.border_distance_m)} von der Grenze {border}"


def _clearing(grounds: Grounds) -> str:
    if grounds.working is None:
        return "Wir klären, wer zuständig ist."
    return f"Das klärt {named(grounds.working).nominative}."


def _clearing_body(grounds: Grounds) -> str:
    return named(grounds.working).nominative if grounds.working else "die Klärungsstelle"
