"""A case as decisions need it: the report that lies in somebody's queue."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from melder_common.event_values import BodyRef, CaseState


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Its texts, photos and messages are read apart.

    ``version`` counts every change; ``resumes_as`` is the state it had before a question was
    asked. ``responsible`` is empty while it is being clarified; ``working`` is then the clearing
    body. ``candidates``, ``former`` and ``informed`` are slugs of bodies. ``unread`` counts what
    the reporter wrote since a clerk last acted.
    """

    case_id: UUID
    report_id: UUID
    number: str
    category: str
    state: CaseState
    version: int
    queue: str
    working: BodyRef
    responsible: BodyRef | None
    candidates: frozenset[str]
    former: frozenset[str]
    informed: frozenset[str]
    assignee: UUID | None
    resumes_as: CaseState | None
    hazard: bool
    reopened: int
    channels: frozenset[str]
    contact_confirmed: bool
    contact_erased: bool
    tracking_opened: bool
    submitted_at: datetime
    due_at: datetime
    closed_at: datetime | None
    text_to_review: bool = False
    photos_to_review: int = 0
    unread: int = 0

    @property
    def body(self) -> BodyRef:
        """Who speaks to the public for this case: the responsible body, else who clarifies."""
        return self.responsible or self.working

    @property
    def is_clearing(self) -> bool:
        """Nobody is responsible yet: the working body holds the case to clarify it."""
        return self.responsible is None
