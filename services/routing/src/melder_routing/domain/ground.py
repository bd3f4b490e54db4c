"""What a place stands on, and which competences count there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.condition import Circumstances
from melder_routing.domain.rulebook import (
    Agreement,
    Body,
    Category,
    Competence,
    CompetenceArea,
    Mode,
    Rulebook,
)

EVERYWHERE_M2 = float("inf")


@dataclass(frozen=True, slots=True)
class Ground:
    """A place for judging: containing ``areas`` (smallest first), category and day.

    ``own_rules`` and ``agreements`` are numbers of those whose geometry contains the place.
    """

    areas: tuple[Area, ...]
    category: Category | None
    day: date
    own_rules: frozenset[str]
    agreements: frozenset[str]
    here: Circumstances

    @property
    def bodies(self) -> Iterable[str]:
        """The bodies of the areas, each once."""
        return dict.fromkeys(one.body for one in self.areas)


def ground_in(
    areas: tuple[Area, ...],
    surroundings: Surroundings,
    category: Category | None,
    day: date,
    rules: Rulebook,
) -> Ground:
    """The ground of a point of ``surroundings`` that counts as lying in ``areas``."""
    municipality = municipality_of(areas, rules)
    here = Circumstances(
        road=surroundings.road,
        asset=surroundings.asset,
        population=municipality.population if municipality else None,
    )
    return Ground(areas, category, day, surroundings.rules, surroundings.agreements, here)


def municipality_of(areas: Iterable[Area], rules: Rulebook) -> Body | None:
    """The Gemeinde among the bodies of ``areas``; none in unincorporated areas."""
    for area in areas:
        body = rules.bodies.get(area.body)
        if body is not None and body.kind == "gemeinde":
            return body
    return None


@dataclass(frozen=True, slots=True)
class Match:
    """A body that a step names, through which competence, agreement or area."""

    body: str
    specificity: int = 0
    area_m2: float = EVERYWHERE_M2
    competence: Competence | None = None
    area: Area | None = None
    agreement: Agreement | None = None

    @property
    def precedence(self) -> tuple[int, float, str]:
        """More specific category first, then the smaller area, then the slug."""
        return (-self.specificity, self.area_m2, self.body)


def matching(
    ground: Ground, rules: Rulebook, mode: Mode, *areas: CompetenceArea
) -> Iterator[Match]:
    """Every competence of ``mode`` that counts for the category, the day and this ground.

    Responsibility that depends on a road is a step of its own: see ``on_road``.
    """
    for competence in _counting(ground, rules, mode, areas):
        if mode is Mode.RESPONSIBLE and competence.condition.on_road:
            continue
        yield from _match(competence, ground)


def on_road(ground: Ground, rules: Rulebook) -> Iterator[Match]:
    """Every responsibility that counts because of the road here.

    One without a category counts only if it speaks of Autobahnen alone.
    """
    if ground.here.road is None:
        return
    for competence in _counting(ground, rules, Mode.RESPONSIBLE, CompetenceArea):
        if competence.condition.on_road and bound_to_category(competence):
            yield from _match(competence, ground)


def bound_to_category(competence: Competence) -> bool:
    """Whether a road rule names what it is about; those of Autobahnen need not."""
    named = competence.category is not None or competence.group is not None
    return named or competence.condition.only_motorways


def _counting(
    ground: Ground, rules: Rulebook, mode: Mode, areas: Iterable[CompetenceArea]
) -> Iterator[Competence]:
    for area in areas:
        if area is CompetenceArea.JURISDICTION:
            yield from rules.duties_of(mode, ground.bodies)
        elif area is CompetenceArea.OWN:
            duties = rules.duties_beside(mode, area)
            yield from (one for one in duties if one.number in ground.own_rules)
        else:
            yield from rules.duties_beside(mode, area)


def _match(competence: Competence, ground: Ground) -> Iterator[Match]:
    specificity = competence.specificity(ground.category)
    if specificity is None or not competence.holds_on(ground.day):
        return
    if competence.condition.unmet(ground.here) is None:
        yield from _on_ground(competence, specificity, ground)


def _on_ground(competence: Competence, specificity: int, ground: Ground) -> Iterator[Match]:
    if competence.area is CompetenceArea.EVERYWHERE:
        yield Match(competence.body, specificity, EVERYWHERE_M2, competence)
    elif competence.area is CompetenceArea.OWN:
        size = competence.area_m2 or EVERYWHERE_M2
        yield Match(competence.body, specificity, size, competence)
    else:
        for area in ground.areas:
            if area.body == competence.body:
                yield Match(competence.body, specificity, area.area_m2, competence, area)
