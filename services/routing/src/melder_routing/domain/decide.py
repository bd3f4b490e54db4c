"""Who is responsible for a place and category (docs/routing.md): pure, always the same answer."""

from dataclasses import dataclass
from datetime import date

from melder_common.event_values import BodyRef, Translated
from melder_routing.domain.areas import Area, Surroundings, chain_of
from melder_routing.domain.borders import (
    Neighbour,
    Standing,
    neighbours_of,
    stand,
    tolerance_m,
)
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.ground import Ground, ground_in, matching, municipality_of
from melder_routing.domain.grounds import Grounds
from melder_routing.domain.judge import Verdict, body_in, judge, performs_for
from melder_routing.domain.reason import explain
from melder_routing.domain.rulebook import (
    Body,
    Category,
    CompetenceArea,
    Mode,
    Rulebook,
)
from melder_routing.domain.trace import StepTrace, trace


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


def explain_steps(
    question: Question, surroundings: Surroundings, rules: Rulebook
) -> tuple[StepTrace, ...]:
    """Every step of the same decision: what matched, what did not, and why."""
    standing = stand(surroundings, tolerance_m(question.accuracy_m))
    ground = ground_in(standing.areas, surroundings, question.category, question.day, rules)
    return trace(ground, rules)


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
        body = municipality_of(self.standing.areas, self.rules)
        return body.place_name if body else None

    def refs(self, slugs: tuple[str, ...]) -> tuple[BodyRef, ...]:
        return tuple(self.rules.bodies[slug].ref for slug in slugs)


def _weigh(question: Question, surroundings: Surroundings, rules: Rulebook) -> _Weighed:
    def ground_of(areas: tuple[Area, ...]) -> Ground:
        return ground_in(areas, surroundings, question.category, question.day, rules)

    standing = stand(surroundings, tolerance_m(question.accuracy_m))
    ground = ground_of(standing.areas)
    verdict = judge(ground, rules)
    neighbours = neighbours_of(
        surroundings, standing, verdict.body, lambda areas: body_in(ground_of(areas), rules)
    )
    return _Weighed(question, rules, ground, verdict, standing, neighbours)


def hand_to(
    slug: str, question: Question, surroundings: Surroundings, rules: Rulebook
) -> tuple[Body, str]:
    """Who would work on the place, and in which queue, if the candidate ``slug`` had it."""
    weighed, responsible = _weigh(question, surroundings, rules), rules.bodies[slug]
    areas = next((n.area for n in weighed.neighbours if n.body == slug), None)
    ground = weighed.ground
    if areas is not None:
        chain = chain_of(areas, surroundings)
        ground = ground_in(chain, surroundings, question.category, question.day, rules)
    working = _performing(ground, responsible, rules) or responsible
    return working, queue_for(working, question.category, rules)


def _decided(weighed: _Weighed, responsible: Body) -> Decision:
    rules, verdict = weighed.rules, weighed.verdict
    working = _working_body(weighed, responsible)
    near = weighed.within_tolerance
    return Decision(
        status=Status.DECIDED,
        rule=verdict.rule,
        responsible=responsible.ref,
        working=working.ref,
        queue=queue_for(working, weighed.question.category, rules),
        boundary_version=rules.data_version(weighed.question.day),
        municipality=weighed.municipality,
        candidates=weighed.refs(near),
        also_matched=weighed.refs(verdict.also),
        informed=weighed.refs(_informed(weighed.ground, {responsible.slug, working.slug}, rules)),
        neighbour=weighed.neighbour.ref if weighed.neighbour else None,
        border=bool(near),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        reason=explain(_grounds(weighed, Status.DECIDED, working)),
    )


def _to_clearing(weighed: _Weighed) -> Decision:
    """Step 7: the clearing body works on it, nobody is responsible yet."""
    rules, verdict, serving = weighed.rules, weighed.verdict, weighed.named
    working = rules.bodies[rules.clearing.body]
    status = Status.AMBIGUOUS if verdict.rivals else Status.UNSERVED
    near = verdict.rivals or weighed.within_tolerance
    return Decision(
        status=status,
        rule=Rule.CLEARING,
        responsible=None,
        working=working.ref,
        queue=rules.clearing.queue,
        boundary_version=rules.data_version(weighed.question.day),
        municipality=weighed.municipality,
        candidates=weighed.refs(near),
        also_matched=weighed.refs(verdict.also),
        serving=serving.ref if serving else None,
        neighbour=weighed.neighbour.ref if weighed.neighbour else None,
        border=bool(weighed.within_tolerance),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        reason=explain(_grounds(weighed, status, working)),
    )


def _outside(weighed: _Weighed) -> Decision:
    serving = weighed.named
    return Decision(
        status=Status.OUTSIDE,
        rule=weighed.verdict.rule,
        responsible=None,
        working=None,
        queue=None,
        boundary_version=weighed.rules.data_version(weighed.question.day),
        serving=serving.ref if serving else None,
        reason=explain(_grounds(weighed, Status.OUTSIDE, None)),
    )


def _grounds(weighed: _Weighed, status: Status, working: Body | None) -> Grounds:
    rules, verdict, named = weighed.rules, weighed.verdict, weighed.named
    decided = status is Status.DECIDED
    return Grounds(
        status=status,
        rule=verdict.rule,
        region=rules.region,
        responsible=named if decided else None,
        working=working,
        serving=None if decided else named,
        rivals=tuple(rules.bodies[slug] for slug in verdict.rivals),
        neighbour=weighed.neighbour,
        border=bool(weighed.within_tolerance),
        snapped=weighed.standing.snapped,
        border_distance_m=weighed.border_distance_m,
        municipality=weighed.municipality,
        category=weighed.question.category,
        because=_because(verdict),
        road=weighed.ground.here.road if verdict.rule is Rule.ROAD else None,
        asset=weighed.ground.here.asset if verdict.rule is Rule.ASSET else None,
        partner=_partner(verdict, rules),
    )


def _because(verdict: Verdict) -> Translated | None:
    """The words of the rule that decided; whoever runs an asset needs none."""
    match = verdict.match
    if match is None or verdict.rule is Rule.ASSET:
        return None
    source = match.agreement or match.competence
    return source.because if source else None


def _partner(verdict: Verdict, rules: Rulebook) -> Body | None:
    """The other body of the agreement that decided."""
    agreement = verdict.match.agreement if verdict.match else None
    if agreement is None:
        return None
    (other,) = agreement.bodies - {agreement.leading}
    return rules.bodies[other]


def queue_for(working: Body, category: Category | None, rules: Rulebook) -> str:
    """The queue of the body that does the work; never none (``melder apply`` asks for one)."""
    return rules.queue_of(working.slug, category) or rules.clearing.queue


def _working_body(weighed: _Weighed, responsible: Body) -> Body:
    """Whose clerks do the work: the asset's operator or who performs for it, else the body itself.

    A competence ``performs_for`` counts for the bodies it names, or else for the performing body's
    children; the more specific category wins, then the smaller area, then the slug.
    """
    rules, worker = weighed.rules, weighed.verdict.worker
    if worker and rules.bodies[worker].takes_part:
        return rules.bodies[worker]
    return _performing(weighed.ground, responsible, rules) or responsible


def _performing(ground: Ground, responsible: Body, rules: Rulebook) -> Body | None:
    performing = [
        match
        for match in matching(ground, rules, Mode.PERFORMS_FOR, *CompetenceArea)
        if performs_for(match, responsible) and rules.bodies[match.body].takes_part
    ]
    best = min(performing, key=lambda match: match.precedence, default=None)
    return rules.bodies[best.body] if best else None


def _informed(ground: Ground, others_than: set[str], rules: Rulebook) -> tuple[str, ...]:
    found = {match.body for match in matching(ground, rules, Mode.INFORMED, *CompetenceArea)}
    return tuple(sorted(slug for slug in found - others_than if rules.bodies[slug].takes_part))
