"""What another decision makes of a case that lies somewhere already: pure."""

from datetime import datetime, timedelta

from melder_common.event_values import BodyRef, CaseState, Translated
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import touched
from melder_routing.domain.decision import Decision
from melder_routing.domain.german_reason import named
from melder_routing.domain.rulebook import Body

TAKE_OVER_TERM = timedelta(hours=24)
"""How long after the routing a neighbour may take a border case over."""


def changes_hands(case: Case, decision: Decision) -> bool:
    """Whether the decision names another responsible body, another worker or another queue."""
    return (
        _slug(case.responsible) != _slug(decision.responsible)
        or case.working.slug != _slug(decision.working)
        or case.queue != decision.queue
    )


def rerouted(case: Case, decision: Decision) -> Case:
    """The case as ``decision`` has it.

    In other hands it is nobody's work yet: the claim ends, and what another body accepted, or what
    lies with another worker outside, waits to be accepted again.
    """
    if decision.working is None or decision.queue is None:
        raise ValueError(f"case {case.number}: the decision names no queue")
    moves = changes_hands(case, decision)
    leaves = case.responsible is not None and case.responsible != decision.responsible
    comes_back = case.state is CaseState.FORWARDED and case.working != decision.working
    anew = leaves or comes_back
    return touched(
        case,
        responsible=decision.responsible,
        working=decision.working,
        queue=decision.queue,
        candidates=frozenset(body.slug for body in decision.candidates),
        informed=frozenset(body.slug for body in decision.informed),
        former=_former(case, decision),
        assignee=None if moves else case.assignee,
        state=CaseState.RECEIVED if anew else case.state,
        resumes_as=None if anew else case.resumes_as,
    )


def may_take_over(routed_at: datetime, now: datetime) -> bool:
    """Whether the term for taking a border case over still runs."""
    return now - routed_at < TAKE_OVER_TERM


def taken_over_reason(taker: Body, former: Body, worker: Body) -> Translated:
    """The sentence for citizens after a neighbour took the case over."""
    german = (
        f"Zuständig ist {named(taker).nominative}, weil {named(taker).pronoun} diese Meldung nahe "
        f"der Grenze {named(former).border_to} übernommen hat."
    )
    english = (
        f"{taker.name} is responsible, because it took over this report near the border of "
        f"{former.place_name}."
    )
    if worker.slug != taker.slug:
        german += f" Bearbeitet wird die Meldung {named(worker).by}."
        english += f" The report is handled by {worker.name}."
    return {"de": german, "en": english}


def _former(case: Case, decision: Decision) -> frozenset[str]:
    before = {_slug(case.responsible), case.working.slug}
    now = {_slug(decision.responsible), _slug(decision.working)}
    left = {slug for slug in before - now if slug} if changes_hands(case, decision) else set()
    return (case.former | left) - {slug for slug in now if slug}


def _slug(body: BodyRef | None) -> str | None:
    return body.slug if body else None
