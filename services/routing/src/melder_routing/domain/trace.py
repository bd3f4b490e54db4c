"""How a decision came about, step by step: what matched, what did not, and why (for operators)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from melder_routing.domain.decision import Rule
from melder_routing.domain.ground import Ground, Match, bound_to_category, matching, on_road
from melder_routing.domain.judge import (
    Verdict,
    agreed,
    concerns,
    judge,
    operator_of,
    works_for,
)
from melder_routing.domain.rulebook import Competence, CompetenceArea, Mode, Rulebook
from melder_routing.domain.site import ASSET_REACH_M, ROAD_SNAP_M


@dataclass(frozen=True, slots=True)
class StepTrace:
    """One of the seven steps. ``missed`` lines say what could have matched, and why it did not."""

    number: int
    rule: Rule
    matched: tuple[str, ...]
    missed: tuple[str, ...]


def trace(ground: Ground, rules: Rulebook) -> tuple[StepTrace, ...]:
    """All seven steps for one place, in their order, also those behind the one that decided."""
    without_asset = judge(_without_asset(ground), rules)
    steps: tuple[tuple[Rule, Callable[[], Iterator[tuple[bool, str]]]], ...] = (
        (Rule.ASSET, lambda: _asset(ground, rules, without_asset)),
        (Rule.AGREEMENT, lambda: _agreements(ground, rules)),
        (Rule.ROAD, lambda: _roads(ground, rules)),
        (Rule.OWN_AREA, lambda: _duties(ground, rules, CompetenceArea.OWN)),
        (
            Rule.CATEGORY,
            lambda: _duties(ground, rules, CompetenceArea.JURISDICTION, CompetenceArea.EVERYWHERE),
        ),
        (Rule.DEFAULT, lambda: _defaults(ground, rules)),
        (Rule.CLEARING, lambda: _clearing(rules)),
    )
    return tuple(_step(number, rule, say()) for number, (rule, say) in enumerate(steps, start=1))


def _step(number: int, rule: Rule, lines: Iterator[tuple[bool, str]]) -> StepTrace:
    said = list(lines)
    return StepTrace(
        number,
        rule,
        tuple(line for matched, line in said if matched),
        tuple(line for matched, line in said if not matched),
    )


def _without_asset(ground: Ground) -> Ground:
    return replace(ground, here=replace(ground.here, asset=None))


def _asset(ground: Ground, rules: Rulebook, others: Verdict) -> Iterator[tuple[bool, str]]:
    asset = ground.here.asset
    if asset is None:
        yield False, "no asset was named, or the register does not know its number"
        return
    name = f"{asset.type} {asset.number} of {asset.operator}, {asset.distance_m:.0f} m away"
    operator = operator_of(ground, rules)
    if operator is not None:
        named = rules.bodies.get(others.body or "")
        helps = named is not None and works_for(operator, named, ground, rules)
        yield (
            True,
            f"{name}: "
            + (f"{operator.slug} works for {others.body}" if helps else f"names {operator.slug}"),
        )
    elif not asset.in_reach:
        yield False, f"{name}: farther than {ASSET_REACH_M:.0f} m, the number was misread"
    else:
        yield False, f"{name}: the category is not about a {asset.type}"


def _agreements(ground: Ground, rules: Rulebook) -> Iterator[tuple[bool, str]]:
    verdict = judge(_without_agreements(_without_asset(ground)), rules)
    counting = {match.agreement for match in agreed(verdict, ground, rules)}
    for agreement in rules.agreements:
        name = f"agreement of {' and '.join(sorted(agreement.bodies))}"
        if agreement in counting:
            yield True, f"{name}: names {agreement.leading}"
        elif agreement.number not in ground.agreements:
            yield False, f"{name}: its stretch of border is elsewhere"
        elif agreement.specificity(ground.category) is None:
            yield False, f"{name}: not about this category"
        elif not agreement.holds_on(ground.day):
            yield False, f"{name}: not valid on {ground.day}"
        elif not concerns(agreement, verdict):
            yield False, f"{name}: {verdict.body or 'nobody'} is responsible, none of the two"


def _without_agreements(ground: Ground) -> Ground:
    return replace(ground, agreements=frozenset())


def _roads(ground: Ground, rules: Rulebook) -> Iterator[tuple[bool, str]]:
    road = ground.here.road
    if road is None:
        yield False, f"no road within {ROAD_SNAP_M:.0f} m"
        return
    where = "in town" if road.in_town else "out of town"
    said = f"{road.name or 'road'}, class {road.road_class}, {where}, {road.distance_m:.1f} m away"
    yield False, f"nearest road: {said}"
    matches = {id(match.competence): match for match in on_road(ground, rules)}
    for competence in rules.competences:
        if competence.mode is Mode.RESPONSIBLE and competence.condition.on_road:
            yield from _said(competence, matches.get(id(competence)), ground, road.authority)


def _duties(ground: Ground, rules: Rulebook, *areas: CompetenceArea) -> Iterator[tuple[bool, str]]:
    matches = {
        id(match.competence): match for match in matching(ground, rules, Mode.RESPONSIBLE, *areas)
    }
    for competence in rules.competences:
        mine = competence.mode is Mode.RESPONSIBLE and competence.area in areas
        if mine and not competence.condition.on_road:
            yield from _said(competence, matches.get(id(competence)), ground)


def _said(
    competence: Competence, match: Match | None, ground: Ground, authority: str | None = None
) -> Iterator[tuple[bool, str]]:
    """What one competence comes to; those of other categories are not told."""
    name = describe(competence)
    if match is not None:
        own = f", but the road has an authority of its own: {authority}" if authority else ""
        yield True, f"{name}{own}"
    elif competence.specificity(ground.category) is not None:
        yield False, f"{name}: {_why_not(competence, ground)}"


def _why_not(competence: Competence, ground: Ground) -> str:
    if not competence.holds_on(ground.day):
        return f"not valid on {ground.day}"
    if unmet := competence.condition.unmet(ground.here):
        return unmet
    if competence.condition.on_road and not bound_to_category(competence):
        return "names no category, and speaks of more than Autobahnen"
    return "the place lies outside its area"


def _defaults(ground: Ground, rules: Rulebook) -> Iterator[tuple[bool, str]]:
    if not ground.areas:
        yield False, "the place lies in no area"
    for area in ground.areas:
        said = f"{area.body}: {area.name}, {area.area_m2 / 1e6:.1f} km²"
        counts = area.general and area.body in rules.bodies
        yield counts, said if counts else f"{said}: has no general duty here"


def _clearing(rules: Rulebook) -> Iterator[tuple[bool, str]]:
    clearing = rules.clearing
    yield True, f"queue {clearing.queue} of {clearing.body}, deputy {clearing.deputy}"


def describe(competence: Competence) -> str:
    """A competence in words: body, subject, area, condition."""
    group = f"group {competence.group}" if competence.group else "any category"
    where = {
        CompetenceArea.JURISDICTION: "in its jurisdiction",
        CompetenceArea.OWN: "on its own grounds",
        CompetenceArea.EVERYWHERE: "everywhere",
    }[competence.area]
    return f"{competence.body}, {competence.category or group}, {where}{_conditions(competence)}"


def _conditions(competence: Competence) -> str:
    condition = competence.condition
    parts = []
    if condition.road_classes:
        town = {None: "", True: " in town", False: " out of town"}[condition.in_town]
        parts.append(f"on {'/'.join(sorted(condition.road_classes))} roads{town}")
    if condition.above is not None:
        parts.append(f"above {condition.above} inhabitants")
    if condition.up_to is not None:
        parts.append(f"up to {condition.up_to} inhabitants")
    if condition.asset_types:
        parts.append(f"for {'/'.join(sorted(condition.asset_types))}")
    if condition.asset_operators:
        parts.append(f"of {'/'.join(sorted(condition.asset_operators))}")
    return f", {', '.join(parts)}" if parts else ""
