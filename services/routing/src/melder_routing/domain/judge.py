"""Steps 4 to 6 of ROUTING.md over the areas a point lies in: which body they name.

Steps 1 to 3 (asset, agreement, road) will stand before ``_own_area`` in ``STEPS``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from melder_routing.domain.areas import Area
from melder_routing.domain.decision import Rule
from melder_routing.domain.rulebook import (
    Category,
    Competence,
    CompetenceArea,
    Mode,
    Rulebook,
)

EVERYWHERE_M2 = float("inf")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a place stands on: containing areas (smallest first), own-area rules, category, day."""

    areas: tuple[Area, ...]
    own_rules: frozenset[str]
    category: Category | None
    day: date


@dataclass(frozen=True, slots=True)
class Match:
    """A body that a step names, through which competence and area."""

    body: str
    specificity: int = 0
    area_m2: float = EVERYWHERE_M2
    competence: Competence | None = None
    area: Area | None = None

    @property
    def precedence(self) -> tuple[int, float, str]:
        """More specific category first, then the smaller area, then the slug."""
        return (-self.specificity, self.area_m2, self.body)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The step that decided and its body; ``rivals`` claim the same ground (then no body)."""

    rule: Rule
    match: Match | None
    rivals: tuple[str, ...] = ()
    also: tuple[str, ...] = field(default=())

    @property
    def body(self) -> str | None:
        """The slug of the body that won."""
        return self.match.body if self.match else None


def judge(ground: Ground, rules: Rulebook) -> Verdict:
    """The first step that names exactly one body; what later steps would name is kept in ``also``.

    Two sources that overlap on the deciding layer name nobody: all of them become ``rivals``.
    """
    named = [(rule, sorted(step(ground, rules), key=_precedence)) for rule, step in STEPS]
    for position, (rule, matches) in enumerate(named):
        if not matches:
            continue
        best = matches[0]
        rivals = _rivals(best, matches)
        if rivals:
            return Verdict(Rule.CLEARING, None, rivals=rivals)
        later = (m.body for _, found in named[position:] for m in found if m.body != best.body)
        return Verdict(rule, best, also=tuple(dict.fromkeys(later)))
    return Verdict(Rule.CLEARING, None)


def matching(
    ground: Ground, rules: Rulebook, mode: Mode, *areas: CompetenceArea
) -> Iterable[Match]:
    """Every competence of ``mode`` that counts for the category, the day and this ground."""
    for area in areas:
        for competence in _counting(ground, rules, mode, area):
            specificity = competence.specificity(ground.category)
            if specificity is not None and competence.holds_on(ground.day):
                yield from _on_ground(competence, specificity, ground)


def _counting(
    ground: Ground, rules: Rulebook, mode: Mode, area: CompetenceArea
) -> Iterable[Competence]:
    if area is CompetenceArea.JURISDICTION:
        return rules.duties_of(mode, dict.fromkeys(one.body for one in ground.areas))
    duties = rules.duties_beside(mode, area)
    if area is CompetenceArea.OWN:
        return (one for one in duties if one.number in ground.own_rules)
    return duties


def _on_ground(competence: Competence, specificity: int, ground: Ground) -> Iterable[Match]:
    if competence.area is CompetenceArea.EVERYWHERE:
        yield Match(competence.body, specificity, EVERYWHERE_M2, competence)
    elif competence.area is CompetenceArea.OWN:
        size = competence.area_m2 or EVERYWHERE_M2
        yield Match(competence.body, specificity, size, competence)
    else:
        for area in ground.areas:
            if area.body == competence.body:
                yield Match(competence.body, specificity, area.area_m2, competence, area)


def _own_area(ground: Ground, rules: Rulebook) -> Iterable[Match]:
    return matching(ground, rules, Mode.RESPONSIBLE, CompetenceArea.OWN)


def _category(ground: Ground, rules: Rulebook) -> Iterable[Match]:
    return matching(
        ground, rules, Mode.RESPONSIBLE, CompetenceArea.JURISDICTION, CompetenceArea.EVERYWHERE
    )


def _default(ground: Ground, rules: Rulebook) -> Iterable[Match]:
    for area in ground.areas:
        if area.general and area.body in rules.bodies:
            yield Match(area.body, 0, area.area_m2, None, area)


STEPS: tuple[tuple[Rule, Callable[[Ground, Rulebook], Iterable[Match]]], ...] = (
    (Rule.OWN_AREA, _own_area),
    (Rule.CATEGORY, _category),
    (Rule.DEFAULT, _default),
)


def _precedence(match: Match) -> tuple[int, float, str]:
    return match.precedence


def _rivals(best: Match, matches: Iterable[Match]) -> tuple[str, ...]:
    """Bodies with an equal claim: as specific, and not told apart by a smaller area."""
    others = [m for m in matches if m.body != best.body and m.specificity == best.specificity]
    claims = sorted({m.body for m in others if _equal_claim(best, m)})
    return (best.body, *claims) if claims else ()


def _equal_claim(best: Match, other: Match) -> bool:
    if best.area is not None and other.area is not None:
        return best.area.overlaps(other.area)
    own = CompetenceArea.OWN
    both_own = all(m.competence is not None and m.competence.area is own for m in (best, other))
    return both_own or best.area_m2 == other.area_m2 == EVERYWHERE_M2
