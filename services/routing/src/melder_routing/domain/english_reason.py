"""The sentence of a decision in English."""

from melder_routing.domain.decision import Rule
from melder_routing.domain.german import german_metres
from melder_routing.domain.grounds import Grounds
from melder_routing.domain.rulebook import Body
from melder_routing.domain.site import Road

ROADS = {
    "A": "a motorway",
    "B": "a federal road",
    "L": "a state road",
    "K": "a county road",
    "G": "a municipal road",
}


def decided(grounds: Grounds, body: Body) -> str:
    """Who is responsible, why, where the place lies, and who does the work."""
    opening = "Probably" if grounds.border or grounds.snapped else "According to our data,"
    sentences = [f"{opening} {body.name} is responsible, because {_because(grounds, body)}."]
    sentences.append(_place(grounds))
    if grounds.working and grounds.working.slug != body.slug:
        sentences.append(f"The report is handled by {grounds.working.name}.")
    return " ".join(filter(None, sentences))


def ambiguous(grounds: Grounds) -> str:
    """Several bodies claim the place."""
    bodies = ", ".join(body.name for body in grounds.rivals)
    return f"Several bodies may be responsible for this place: {bodies}. {_clearing(grounds)}"


def unserved(grounds: Grounds) -> str:
    """Nobody is responsible here, or somebody who takes no part."""
    body = grounds.serving
    if body is None:
        return f"It is not yet known who is responsible for this place. {_clearing(grounds)}"
    contact = body.contact.get("en") or body.contact.get("de")
    reach = f"; you can reach it here: {contact.rstrip('.')}" if contact else ""
    return (
        f"According to our data, {body.name} is responsible, because {_because(grounds, body)}. "
        f"It takes no part in this service{reach}. {_clearing(grounds)}"
    )


def outside(grounds: Grounds) -> str:
    """No reports are taken here."""
    sentence = f"This place lies outside the area that {grounds.region} takes reports for."
    if grounds.serving is None:
        return sentence
    return f"{sentence} According to our data, {grounds.serving.name} is responsible there."


def _because(grounds: Grounds, body: Body) -> str:
    given = (grounds.because or {}).get("en")
    if given:
        return given.replace("{poss}", "its")
    by_step = {
        Rule.ASSET: _runs_asset,
        Rule.AGREEMENT: _agreed,
        Rule.ROAD: _has_road,
        Rule.OWN_AREA: _has_grounds,
        Rule.CATEGORY: _has_category,
    }.get(grounds.rule)
    return by_step(grounds) if by_step else _has_place(grounds, body)


def _runs_asset(grounds: Grounds) -> str:
    number = f", number {grounds.asset.number}" if grounds.asset else ""
    return f"it runs the reported object{number}"


def _agreed(grounds: Grounds) -> str:
    partner = f" with {grounds.partner.name}" if grounds.partner else ""
    return f"it looks after this stretch of the border by an agreement{partner}"


def _has_road(grounds: Grounds) -> str:
    road = _road(grounds.road) if grounds.road else "a road"
    return f"{road} runs here and {_subject(grounds)} is its duty there"


def _has_grounds(_grounds: Grounds) -> str:
    return "these grounds are its duty"


def _has_category(grounds: Grounds) -> str:
    return f"{_subject(grounds)} is its duty there"


def _has_place(grounds: Grounds, body: Body) -> str:
    if body.kind == "gemeinde":
        return f"{_subject(grounds)} is a duty of the municipality"
    return "the place lies in its area"


def _road(road: Road) -> str:
    name = f" ({road.name})" if road.name else ""
    through = ""
    if road.road_class in {"B", "L", "K"}:
        through = " through a town" if road.in_town else " outside the towns"
    return f"{ROADS[road.road_class]}{name}{through}"


def _subject(grounds: Grounds) -> str:
    if grounds.category is None:
        return "most of what happens locally"
    name = grounds.category.ref.name
    return f"“{name.get('en', name['de'])}”"


def _place(grounds: Grounds) -> str:
    near = ""
    metres = grounds.border_distance_m
    if grounds.near_border and grounds.neighbour is not None and metres is not None:
        where = "exactly on" if metres < 1 else f"{german_metres(metres)} from"
        near = f"{where} the border of {grounds.neighbour.place_name}"
    if grounds.municipality is None:
        return f"The place lies {near}." if near else ""
    if grounds.snapped:
        return f"The place lies just outside the borders of {grounds.municipality}."
    return f"The place lies in {grounds.municipality}{', ' + near if near else ''}."


def _clearing(grounds: Grounds) -> str:
    who = grounds.working.name if grounds.working else "The clearing office"
    return f"{who} will find out."
