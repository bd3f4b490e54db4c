"""Conditions of competences that can never hold, hold by accident, or contradict each other."""

from collections.abc import Iterable, Iterator

from melder_routing.domain.duty_entries import AgreementEntry, CompetenceEntry, ConditionEntry
from melder_routing.domain.region import BodyEntry, Region
from melder_routing.domain.region_findings import Finding, Path, known


def check_condition(at: Path, entry: CompetenceEntry, region: Region) -> Iterator[Finding]:
    """What is wrong with the condition of one competence."""
    where: Path = (*at, "condition")
    yield from _road(where, entry)
    yield from _population(where, entry.condition, region)
    yield from _asset(where, entry.condition, region)


def _road(where: Path, entry: CompetenceEntry) -> Iterator[Finding]:
    condition = entry.condition
    if condition.in_town is not None and not condition.road_class:
        yield Finding(
            (*where, "in_town"),
            str(condition.in_town).lower(),
            "says something about a road, but no road is named",
            "add road_class",
        )
    if condition.in_town and set(condition.road_class) == {"A"}:
        yield Finding(
            (*where, "in_town"), "true", "an Autobahn has no through-roads", "remove in_town"
        )
    bound = entry.category or entry.group
    if entry.mode == "responsible" and set(condition.road_class) - {"A"} and not bound:
        yield Finding(
            (*where, "road_class"),
            ", ".join(condition.road_class),
            "would take whatever lies beside the road, lamps and rubbish too",
            "name a category or a group; only road_class: [A] alone may go without",
        )


def _population(where: Path, condition: ConditionEntry, region: Region) -> Iterator[Finding]:
    limits = condition.population
    if limits is None:
        return
    at: Path = (*where, "population")
    if limits.above is None and limits.up_to is None:
        yield Finding(at, None, "names no number", "add above: or up_to:")
    elif limits.above is not None and limits.up_to is not None and limits.up_to <= limits.above:
        yield Finding(
            at, f"{limits.above}–{limits.up_to}", "holds for no town", "swap or correct the numbers"
        )
    uncounted = [b.slug for b in region.bodies if b.kind == "gemeinde" and b.population is None]
    if uncounted and region.region.unstated_population is None:
        yield Finding(
            at,
            None,
            f"the inhabitants of {len(uncounted)} municipalities are not known ({uncounted[0]} …)",
            "give them a population, or say region.unstated_population for all that have none",
        )


def _asset(where: Path, condition: ConditionEntry, region: Region) -> Iterator[Finding]:
    if not condition.asset_type and not condition.asset_operator:
        return
    types = {kind for category in region.categories for kind in category.asset_types}
    for number, kind in enumerate(condition.asset_type):
        yield from known((*where, "asset_type", number), kind, types, "asset type of a category")
    bodies = {body.slug for body in region.bodies}
    for number, slug in enumerate(condition.asset_operator):
        yield from known((*where, "asset_operator", number), slug, bodies, "body")


def check_contradictions(region: Region) -> Iterator[Finding]:
    """Two bodies that would be responsible for the same, in the same area, at the same time."""
    duties = [
        (position, entry)
        for position, entry in enumerate(region.competences)
        if entry.mode == "responsible"
    ]
    areas = {body.slug: _area(body) for body in region.bodies}
    by_claim: dict[object, list[tuple[int, CompetenceEntry]]] = {}
    for position, entry in duties:
        claim = (entry.category, entry.group, entry.area, _where(entry, areas))
        for other, first in by_claim.setdefault(claim, []):
            if first.body != entry.body and _together(first, entry):
                yield Finding(
                    ("competences", position, "body"),
                    entry.body,
                    f"{first.body} is responsible {_place(entry)} for the same (competence "
                    f"{other + 1})",
                    "give one of them another area, category, condition or time",
                )
                break
        by_claim[claim].append((position, entry))


def _area(body: BodyEntry) -> object:
    """What makes two bodies' areas the same; a body without any has its own."""
    if body.areas is not None:
        return tuple(sorted((c.boundaries, c.keys) for c in body.areas))
    if body.imported:
        return tuple(sorted((c.layer, c.keys) for c in body.imported))
    return body.ars or tuple(sorted(body.service_keys)) or body.slug


def _where(entry: CompetenceEntry, areas: dict[str, object]) -> object:
    if entry.area == "jurisdiction":
        return areas.get(entry.body, entry.body)
    return tuple(sorted((c.boundaries, c.keys) for c in entry.own))


def _place(entry: CompetenceEntry) -> str:
    return "everywhere" if entry.area == "everywhere" else "in the same area"


def _together(one: CompetenceEntry, other: CompetenceEntry) -> bool:
    """Whether there is a day and a place at which both hold."""
    return _lasts_with(one, other) and _meets(one.condition, other.condition)


def _lasts_with(one: CompetenceEntry, other: CompetenceEntry) -> bool:
    ends_before = one.valid_to and other.valid_from and one.valid_to < other.valid_from
    begins_after = one.valid_from and other.valid_to and one.valid_from > other.valid_to
    return not ends_before and not begins_after


def _meets(one: ConditionEntry, other: ConditionEntry) -> bool:
    if bool(one.road_class) != bool(other.road_class):
        return False
    return (
        _shares(one.road_class, other.road_class)
        and _shares(one.asset_type, other.asset_type)
        and _shares(one.asset_operator, other.asset_operator)
        and (one.in_town is None or other.in_town is None or one.in_town == other.in_town)
        and _sizes_meet(one, other)
    )


def _shares(one: Iterable[str], other: Iterable[str]) -> bool:
    left, right = set(one), set(other)
    return not left or not right or bool(left & right)


def _sizes_meet(one: ConditionEntry, other: ConditionEntry) -> bool:
    limits = [c.population for c in (one, other) if c.population is not None]
    above = max((p.above for p in limits if p.above is not None), default=-1)
    up_to = min((p.up_to for p in limits if p.up_to is not None), default=None)
    return up_to is None or above < up_to


def check_agreements(region: Region) -> Iterator[Finding]:
    """Agreements that name somebody unknown, one body twice, or a leader who is no party."""
    bodies = {body.slug for body in region.bodies}
    categories = {category.slug for category in region.categories}
    for position, entry in enumerate(region.agreements):
        at: Path = ("agreements", position)
        for number, slug in enumerate(entry.between):
            yield from known((*at, "between", number), slug, bodies, "body")
        if entry.between[0] == entry.between[1]:
            yield Finding(
                (*at, "between"), entry.leading, "names one body twice", "name two bodies"
            )
        if entry.leading not in entry.between:
            yield Finding(
                (*at, "leading"), entry.leading, "is none of the two", "name one of between"
            )
        for number, slug in enumerate(entry.categories):
            yield from known((*at, "categories", number), slug, categories, "category")
        for number, slug in enumerate(entry.groups):
            yield from known((*at, "groups", number), slug, region.groups, "group")
        yield from _agreement_lasts(at, entry)


def _agreement_lasts(at: Path, entry: AgreementEntry) -> Iterator[Finding]:
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        yield Finding(
            (*at, "valid_to"), entry.valid_to, "ends before it begins", "swap or correct the dates"
        )
