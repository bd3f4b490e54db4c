"""A case: a report that lies in somebody's queue, and what it needs to be opened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from melder_common.event_values import (
    BodyRef,
    CaseState,
    CategoryRef,
    PublicationPolicy,
    Translated,
)
from melder_common.events import ReportSubmitted


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a case lies and why: the routing decision as the case keeps it.

    ``neighbour`` is the other body at ``border_distance_m`` metres; ``reason`` the citizen's
    sentence by language; ``rule`` names the step of ROUTING.md that decided.
    """

    status: Literal["decided", "ambiguous", "unserved"]
    responsible: BodyRef | None
    working: BodyRef
    queue: str
    reason: Translated
    rule: str
    boundary_version: str
    candidates: tuple[BodyRef, ...] = ()
    municipality: str | None = None
    border: bool = False
    snapped: bool = False
    border_distance_m: float | None = None
    neighbour: BodyRef | None = None


@dataclass(frozen=True, slots=True)
class RoutedReport:
    """A report with its decision: what ``open_cases`` takes.

    ``sensitive`` (people, camps, needles …) keeps text and photos back whatever the policy says;
    ``due_days`` are the category's working days, ``usual_days`` its median, where known.
    """

    report: ReportSubmitted
    assignment: Assignment
    category: CategoryRef
    policy: PublicationPolicy
    due_days: int = 10
    usual_days: float | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A case as decisions need it; its texts and photos are read apart.

    ``version`` counts every change; ``resumes_as`` is the state it had before a question.
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
    candidates: frozenset[str] = field(default_factory=frozenset)
    former: frozenset[str] = field(default_factory=frozenset)
    informed: frozenset[str] = field(default_factory=frozenset)
    assignee: UUID | None = None
    resumes_as: CaseState | None = None
    hazard: bool = False
    reopened: int = 0
    channels: frozenset[str] = field(default_factory=frozenset)
    contact_confirmed: bool = False
    contact_erased: bool = False
    tracking_opened: bool = False
    submitted_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def body(self) -> BodyRef:
        """Who speaks for the case to the public: the responsible body, else who clarifies."""
        return self.responsible or self.working
