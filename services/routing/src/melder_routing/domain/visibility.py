"""Who may see what of a case: one table for all relations that a body can have to it.

The desk shows exactly these parts; the database's row-level security and the view
``border_case`` hold the same line once more (a test compares them).
"""

from enum import StrEnum

from melder_routing.domain.case import Case
from melder_routing.domain.clerk import Scope


class Relation(StrEnum):
    """What a body is to a case."""

    RESPONSIBLE = "responsible"
    WORKING = "working"
    CLEARING = "clearing"
    CANDIDATE = "candidate"
    FORMER = "former"
    INFORMED = "informed"


class Part(StrEnum):
    """What there is to see of a case. The contact is not among it: it stays sealed."""

    PLACE = "place"
    CATEGORY = "category"
    STATE = "state"
    HAZARD = "hazard"
    TEXT = "text"
    PHOTOS = "photos"
    PUBLIC_TEXT = "public_text"
    RELEASED_PHOTOS = "released_photos"
    MESSAGES = "messages"
    HISTORY = "history"
    OWN_HISTORY = "own_history"
    MAIL_LOG = "mail_log"


_OUTLINE = frozenset({Part.PLACE, Part.CATEGORY, Part.STATE, Part.HAZARD})
_PUBLIC = _OUTLINE | {Part.PUBLIC_TEXT, Part.RELEASED_PHOTOS}
_WHOLE = frozenset(Part)

VISIBLE: dict[Relation, frozenset[Part]] = {
    Relation.RESPONSIBLE: _WHOLE,
    Relation.WORKING: _WHOLE,
    Relation.CLEARING: _WHOLE,
    Relation.CANDIDATE: _OUTLINE,
    Relation.FORMER: _OUTLINE | {Part.OWN_HISTORY},
    Relation.INFORMED: _PUBLIC,
}
"""The clearing body holds a case only while nobody is responsible; then it is its controller."""


def relations_of(case: Case, scope: Scope) -> frozenset[Relation]:
    """What the clerk's queues and bodies make him to this case; empty for a foreign one."""
    found: set[Relation] = set()
    if case.queue in scope.queues or case.working.slug in scope.bodies:
        found.add(Relation.CLEARING if case.is_clearing else Relation.WORKING)
    if case.responsible and case.responsible.slug in scope.bodies:
        found.add(Relation.RESPONSIBLE)
    for relation, bodies in (
        (Relation.CANDIDATE, case.candidates),
        (Relation.FORMER, case.former),
        (Relation.INFORMED, case.informed),
    ):
        if bodies & scope.border_bodies:
            found.add(relation)
    return frozenset(found)


def visible_parts(case: Case, scope: Scope) -> frozenset[Part]:
    """All parts that the clerk may see of this case."""
    parts = (VISIBLE[relation] for relation in relations_of(case, scope))
    return frozenset[Part]().union(*parts)


def may_work(case: Case, scope: Scope) -> bool:
    """Whether the clerk may change this case."""
    if case.queue in scope.work_queues or case.working.slug in scope.work_bodies:
        return True
    return case.responsible is not None and case.responsible.slug in scope.work_bodies


def acting_body(case: Case, scope: Scope) -> str:
    """The body (slug) for which the clerk acts on this case; history names it."""
    for body in (case.working.slug, case.responsible.slug if case.responsible else ""):
        if body in scope.border_bodies:
            return body
    return min(scope.border_bodies, default=case.working.slug)
