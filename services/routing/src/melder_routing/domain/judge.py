"""The steps of docs/routing.md over the ground of a place: which body they name.

Steps 3 to 6 are a table, the first that names exactly one body wins. Step 2 (an agreement) can
only shift what one of its two bodies would have; step 1 (the named asset) only what concerns the
asset; so both look at what the later steps say before they take their turn.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from melder_routing.domain.decision import Rule
from melder_routing.domain.ground import EVERYWHERE_M2, Ground, Match, matching, on_road
from melder_routing.domain.rulebook import Agreement, Body, CompetenceArea, Mode, Rulebook


@dataclass(frozen=True, slots=True)
class Verdict:
    """The step that decided and its body; ``rivals`` claim the same ground (then no body).

    ``also`` are the bodies that later steps would have named. ``worker``: the operator of the
    named asset, when it does this work for the responsible body.
    """

    rule: Rule
    match: Match | None
    rivals: tuple[str, ...] = ()
    also: tuple[str, ...] = field(default=())
    worker: str | None = None

    @property
    def body(self) -> str | None:
        """The slug of the body that won."""
        return self.match.body if self.match else None


def judge(ground: Ground, rules: Rulebook) -> Verdict:
    """The first step that names exactly one body; what later steps would name is kept in ``also``.

    Two sources that overlap on the deciding layer name nobody: all of them become ``rivals``.
    """
    verdict = _first_of_steps(ground, rules)
    later = _others(verdict.body or "", _named_later(verdict, ground, rules))
    return _settled(replace(verdict, also=later) if verdict.match else verdict, ground, rules)


def body_in(ground: Ground, rules: Rulebook) -> str | None:
    """Only the body that ``judge`` would name: half the work, for the neighbours of a place."""
    return _settled(_first_of_steps(ground, rules), ground, rules).body


def _settled(verdict: Verdict, ground: Ground, rules: Rulebook) -> Verdict:
    verdict = _by_agreement(verdict, ground, rules)
    return _by_asset(verdict, ground, rules)


def _first_of_steps(ground: Ground, rules: Rulebook) -> Verdict:
    for rule, step in STEPS:
        matches = sorted(step(ground, rules), key=_precedence)
        if matches:
            best = matches[0]
            rivals = _rivals(best, matches)
            return Verdict(Rule.CLEARING, None, rivals) if rivals else Verdict(rule, best)
    return Verdict(Rule.CLEARING, None)


def _named_later(verdict: Verdict, ground: Ground, rules: Rulebook) -> Iterator[str]:
    """The bodies of the deciding step and of those after it, in their order."""
    deciding = False
    for rule, step in STEPS:
        deciding = deciding or rule is verdict.rule
        if deciding:
            yield from (match.body for match in sorted(step(ground, rules), key=_precedence))


def _by_agreement(verdict: Verdict, ground: Ground, rules: Rulebook) -> Verdict:
    if not ground.agreements:
        return verdict
    best = min(agreed(verdict, ground, rules), key=_precedence, default=None)
    if best is None:
        return verdict
    others = (*verdict.rivals, verdict.body or "", *verdict.also)
    return Verdict(Rule.AGREEMENT, best, also=_others(best.body, filter(None, others)))


def agreed(verdict: Verdict, ground: Ground, rules: Rulebook) -> Iterator[Match]:
    """The agreements that count here: for this category and day, between the bodies concerned."""
    for agreement in rules.agreements:
        specificity = agreement.specificity(ground.category)
        if agreement.number not in ground.agreements or specificity is None:
            continue
        if agreement.holds_on(ground.day) and concerns(agreement, verdict):
            yield Match(agreement.leading, specificity, agreement=agreement)


def concerns(agreement: Agreement, verdict: Verdict) -> bool:
    """Whether one of the two bodies would be responsible, or both claim the place."""
    if verdict.rivals:
        return agreement.bodies.issuperset(verdict.rivals)
    return verdict.body in agreement.bodies


def _by_asset(verdict: Verdict, ground: Ground, rules: Rulebook) -> Verdict:
    operator = operator_of(ground, rules)
    if operator is None or operator.slug == verdict.body:
        return verdict if operator is None else replace(verdict, rule=Rule.ASSET)
    if verdict.body and works_for(operator, rules.bodies[verdict.body], ground, rules):
        return replace(verdict, worker=operator.slug)
    others = (*verdict.rivals, verdict.body or "", *verdict.also)
    also = _others(operator.slug, filter(None, others))
    return Verdict(Rule.ASSET, Match(operator.slug), also=also)


def operator_of(ground: Ground, rules: Rulebook) -> Body | None:
    """Who runs the named asset, if the category is about assets of its type."""
    asset, category = ground.here.asset, ground.category
    if asset is None or category is None or not asset.in_reach:
        return None
    return rules.bodies.get(asset.operator) if asset.type in category.asset_types else None


def works_for(body: Body, responsible: Body, ground: Ground, rules: Rulebook) -> bool:
    """Whether ``body`` does the work of ``responsible`` on this ground."""
    return any(
        match.body == body.slug and performs_for(match, responsible)
        for match in matching(ground, rules, Mode.PERFORMS_FOR, *CompetenceArea)
    )


def performs_for(match: Match, responsible: Body) -> bool:
    """Whether a competence ``performs_for`` means ``responsible``: by name, or as its child."""
    named = match.competence.performs_for if match.competence else frozenset()
    return responsible.slug in named if named else responsible.parent == match.body


def _road(ground: Ground, rules: Rulebook) -> Iterable[Match]:
    """The rule says that the road decides; a segment with an authority of its own says who."""
    road = ground.here.road
    for match in on_road(ground, rules):
        own = road.authority if road and road.authority in rules.bodies else None
        yield replace(match, body=own) if own else match


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
    (Rule.ROAD, _road),
    (Rule.OWN_AREA, _own_area),
    (Rule.CATEGORY, _category),
    (Rule.DEFAULT, _default),
)


def _precedence(match: Match) -> tuple[int, float, str]:
    return match.precedence


def _others(body: str, named: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slug for slug in named if slug != body))


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
