"""What can be reported: at a place with who is responsible, or to a body at all."""

from collections.abc import Iterator, Mapping
from datetime import date

from melder_routing.domain.areas import Surroundings
from melder_routing.domain.condition import ALWAYS
from melder_routing.domain.decide import Question, decide
from melder_routing.domain.decision import Decision
from melder_routing.domain.rulebook import Category, CompetenceArea, Mode, Rulebook


def services_at(surroundings: Surroundings, day: date, rules: Rulebook) -> Mapping[str, Decision]:
    """The decision for every category that is in use, by its slug."""
    return {
        category.slug: decide(Question(day, category), surroundings, rules)
        for category in _in_use(rules)
    }


def services_of(body: str, day: date, rules: Rulebook) -> tuple[str, ...]:
    """The categories that ``body`` may be responsible for or work on somewhere.

    A duty for everything yields to the special duty of a body above it: a Gemeinde whose Landkreis
    has the waste gets no waste. A body whose duties come from objects or roads alone names none.
    """
    return tuple(one.slug for one in _in_use(rules) if _may_have(body, one, day, rules))


def _in_use(rules: Rulebook) -> Iterator[Category]:
    return (category for category in rules.categories.values() if not category.removed)


def _may_have(body: str, category: Category, day: date, rules: Rulebook) -> bool:
    agreed = any(
        one.leading == body and one.holds_on(day) and one.specificity(category) is not None
        for one in rules.agreements
    )
    own = _best(body, category, day, rules)
    if own is None and body in rules.bodies and rules.bodies[body].kind == "gemeinde":
        own = 0  # the smallest area's body is there for everything (step 6)
    if own is None:
        return agreed
    above = (_best(one, category, day, rules, surely=True) for one in _above(body, rules))
    return agreed or all(other is None or other <= own for other in above)


def _best(
    body: str, category: Category, day: date, rules: Rulebook, *, surely: bool = False
) -> int | None:
    """How special its best duty is; ``surely``: in its whole area, under no condition."""
    duties = [
        specificity
        for one in rules.competences
        if one.body == body and one.mode is not Mode.INFORMED and one.holds_on(day)
        if (specificity := one.specificity(category)) is not None
        if not surely
        or (
            one.mode is Mode.RESPONSIBLE
            and one.area is CompetenceArea.JURISDICTION
            and one.condition == ALWAYS
        )
    ]
    return max(duties, default=None)


def _above(body: str, rules: Rulebook) -> Iterator[str]:
    seen = {body}
    parent = rules.bodies[body].parent if body in rules.bodies else None
    while parent and parent not in seen:
        yield parent
        seen.add(parent)
        parent = rules.bodies[parent].parent if parent in rules.bodies else None
