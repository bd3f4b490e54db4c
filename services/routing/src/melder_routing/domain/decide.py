"""Who is responsible for a place and category (ROUTING.md): pure, the same answer every time."""

from dataclasses import dataclass
from datetime import date

from melder_common.event_values import BodyRef
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.borders import (
    Neighbour,
    Standing,
    neighbours_of,
    stand,
    tolerance_m,
)
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.judge import Ground, Match, Verdict, judge, matching
from melder_routing.domain.reason import Grounds, explain
from melder_routing.domain.rulebook import (
    Body,
    Category,
    CompetenceArea,
    Mode,
    Rulebook,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a category (none: the common case), the accuracy in metres, the day."""

    day: date
    category: Category | None = None
    accuracy_m: float | None = None


def decide(question: Question, surroundings: Surroundings, rules: Rulebook) -> Decision:
    """The decision for one place. Never fails: what nobody claims goes to the clearing queue."""
    weighed = _weigh(question, surroundings, rules)
    if not surroundings.received:
        return _outside(weighed)
    if weighed.named is None or not weighed.named.takes_part:
        return _to_clearing(weighed)
    return _decided(weighed, weighed.named)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """All that a decision is worded from. ``neighbours``: nearest first."""

    question: Question
    rules: Rulebook
    ground: Ground
    verdict: Verdict
    standing: Standing
    neighbours: tuple[Neighbour, ...]

    @property
    def named(self) -> Body | None:
        return self.rules.bodies[self.verdict.body] if self.verdict.body else None

    @property
    def nearest(self) -> Neighbour | None:
        return self.neighbours[0] if self.neighbours else None

    @property
    def neighbour(self) -> Body | None:
        return self.rules.bodies[self.nearest.body] if self.nearest else None

    @property
    def within_tolerance(self) -> tuple[str, ...]:
        tolerance = tolerance_m(self.question.accuracy_m)
        return tuple(n.body for n in self.neighbours if n.distance_m <= tolerance)

    @property
    def border_distance_m(self) -> float | None:
        return round(self.nearest.distance_m, 1) if self.nearest else None

    @property
    def municipality(self) -> str | None:
        """The Gemeinde the place lies in, by the name people know it by."""
        for area in self.standing.areas:
            body = self.rules.bodies.get(area.body)
            if body is not None and body.kind == "gemeinde":
                return body.place_name
        return None

    def refs(self, slugs: tuple[str, ...]) -> tuple[BodyRef, ...]:
        return tuple(self.rules.bodies[slug].ref for slug in slugs)


def _weigh(question: Question, surroundings: Surroundings, rules: Rulebook) -> _Weighed:
    def ground_of(areas: tuple[Area, ...]) -> Ground:
        return Ground(areas, surroundings.rules, question.category, question.day)

    standing = stand(surroundings, tolerance_m(question.accuracy_m))
    ground = ground_of(standing.areas)
    verdict = judge(ground, rules)
    neighbours = neighbours_of(
        surroundings, standing, verdict.body, lambda areas: judge(ground_of(areas), rules).body
    )
    return _Weighed(question, rules, ground, verdict, standing, neighbours)


def _decided(weighed: _Weighed, responsible: Body) -> Decision:
    rules, verdict = weighed.rules, weighed.verdict
    working = _working_body(weighed.ground, responsible, rules)
    near = weighed.within_tolerance
    competence = verdict.match.competence if verdict.match else None
    grounds = Grounds(
        status=Status.DECIDED,
        rule=verdict.rule,
        region=rules.region,
        responsible=responsible,
        working=working,
        neighbour=weighed.neighbour,
        border=bool(near),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        municipality=weighed.municipality,
        category=weighed.question.category,
        because=competence.because if competence else None,
    )
    return Decision(
        status=Status.DECIDED,
        rule=verdict.rule,
        responsible=responsible.ref,
        working=working.ref,
        queue=rules.queue_of(working.slug, weighed.question.category) or rules.clearing.queue,
        boundary_version=rules.boundary_version,
        municipality=weighed.municipality,
        candidates=weighed.refs(near),
        also_matched=weighed.refs(verdict.also),
        informed=weighed.refs(_informed(weighed.ground, {responsible.slug, working.slug}, rules)),
        neighbour=weighed.neighbour.ref if weighed.neighbour else None,
        border=bool(near),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        reason=explain(grounds),
    )


def _to_clearing(weighed: _Weighed) -> Decision:
    """Step 7: the clearing body works on it, nobody is responsible yet."""
    rules, verdict, serving = weighed.rules, weighed.verdict, weighed.named
    working = rules.bodies[rules.clearing.body]
    status = Status.AMBIGUOUS if verdict.rivals else Status.UNSERVED
    near = verdict.rivals or weighed.within_tolerance
    grounds = Grounds(
        status=status,
        rule=Rule.CLEARING,
        region=rules.region,
        working=working,
        serving=serving,
        rivals=tuple(rules.bodies[slug] for slug in verdict.rivals),
        category=weighed.question.category,
        municipality=weighed.municipality,
    )
    return Decision(
        status=status,
        rule=Rule.CLEARING,
        responsible=None,
        working=working.ref,
        queue=rules.clearing.queue,
        boundary_version=rules.boundary_version,
        municipality=weighed.municipality,
        candidates=weighed.refs(near),
        also_matched=weighed.refs(verdict.also),
        serving=serving.ref if serving else None,
        neighbour=weighed.neighbour.ref if weighed.neighbour else None,
        border=bool(weighed.within_tolerance),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        reason=explain(grounds),
    )


def _outside(weighed: _Weighed) -> Decision:
    serving = weighed.named
    rules, rule = weighed.rules, weighed.verdict.rule
    grounds = Grounds(Status.OUTSIDE, rule, rules.region, serving=serving)
    return Decision(
        status=Status.OUTSIDE,
        rule=rule,
        responsible=None,
        working=None,
        queue=None,
        boundary_version=rules.boundary_version,
        serving=serving.ref if serving else None,
        reason=explain(grounds),
    )


def _working_body(ground: Ground, responsible: Body, rules: Rulebook) -> Body:
    """Whose clerks do the work: the body that performs for the responsible one, else itself.

    A competence ``performs_for`` counts for the bodies it names, or else for the performing body's
    children; the more specific category wins, then the smaller area, then the slug.
    """
    performing = [
        match
        for match in matching(ground, rules, Mode.PERFORMS_FOR, *CompetenceArea)
        if _performs_for(match, responsible) and rules.bodies[match.body].takes_part
    ]
    best = min(performing, key=lambda match: match.precedence, default=None)
    return rules.bodies[best.body] if best else responsible


def _performs_for(match: Match, responsible: Body) -> bool:
    named = match.competence.performs_for if match.competence else frozenset()
    return responsible.slug in named if named else responsible.parent == match.body


def _informed(ground: Ground, others_than: set[str], rules: Rulebook) -> tuple[str, ...]:
    found = {match.body for match in matching(ground, rules, Mode.INFORMED, *CompetenceArea)}
    return tuple(sorted(found - others_than))
