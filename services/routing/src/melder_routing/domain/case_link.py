"""A case that a body gets by a link in an e-mail, and what to do about it next: pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from melder_common.event_values import CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.case_link_entry import CaseLinkEntry
from melder_routing.domain.outside import Leave, Rest, waits_for_review
from melder_routing.domain.states import is_closed
from melder_routing.domain.working_days import NO_HOLIDAYS, HolidayRules, add_working_days

LinkState = Literal["waiting", "issued", "sent", "failed", "declined", "left"]
"""``issued``: a mail is on its way; ``sent``: a server took it; ``failed``: none did."""

Occasion = Literal["new", "again", "reopened", "reminder"]
"""Why a mail leaves: the case came, it is here once more, it is open again, nobody answered."""

SILENT = "silent"
"""The trouble of a body that does not answer."""

MOST_REMINDERS = 2
"""After so many reminders without an answer a clerk is asked to call."""


@dataclass(frozen=True, slots=True)
class CaseLink:
    """One row of ``case_link``: see ``store/link_tables.py`` for the columns."""

    id: UUID
    case_id: UUID
    body: str
    state: LinkState
    noted_at: datetime
    arrivals: int = 1
    asked: bool = False
    generation: int = 1
    mails: int = 0
    mail_id: UUID | None = None
    issued_at: datetime | None = None
    sent_at: datetime | None = None
    reminders: int = 0
    answer: str | None = None
    answered_at: datetime | None = None
    error: str | None = None

    @property
    def first_mail(self) -> UUID:
        """The mail that begins the thread of all mails of this case to this body."""
        return self._mail(1)

    def _mail(self, number: int) -> UUID:
        return uuid5(self.id, f"mail {number}")

    def issue(self, occasion: Occasion, now: datetime) -> "CaseLink":
        """The link after one more mail. A reminder leaves what was answered as it is."""
        reminded = occasion == "reminder"
        return replace(
            self,
            state="issued",
            asked=False,
            mails=self.mails + 1,
            mail_id=self._mail(self.mails + 1),
            issued_at=now,
            reminders=self.reminders + 1 if reminded else 0,
            answer=self.answer if reminded else None,
            answered_at=self.answered_at if reminded else None,
            error=None,
        )


@dataclass(frozen=True, slots=True)
class Issue:
    """Send a mail with the link."""

    occasion: Occasion


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody answers: a clerk has to hear of it."""


LinkStep = Rest | Leave | Issue | GiveUp


@dataclass(frozen=True, slots=True)
class LinkFile:
    """All that decides about the next step.

    ``entry`` is missing when the region file has none any more; ``closed_since``: whether the case
    was closed after the last mail; ``erased``: whether the page behind the link shows nothing more.
    """

    link: CaseLink
    case: Case
    entry: CaseLinkEntry | None
    photos_pending: bool = False
    closed_since: bool = False
    erased: bool = False
    holidays: HolidayRules = NO_HOLIDAYS

    @property
    def is_elsewhere(self) -> bool:
        """Whether another body works on the case by now."""
        return self.case.working.slug != self.link.body


def next_link_step(file: LinkFile, now: datetime) -> LinkStep:
    """What to do now about a case whose body gets a link."""
    link, entry = file.link, file.entry
    if entry is None or link.state == "left":
        return Rest()
    if file.is_elsewhere:
        return Leave("elsewhere")
    if file.erased or is_closed(file.case.state) or link.state in {"failed", "declined"}:
        return Rest()
    if link.state == "waiting":
        return _first(file, entry, now)
    if file.closed_since:
        return Issue("reopened")
    return _reminder(file, entry, now)


def _first(file: LinkFile, entry: CaseLinkEntry, now: datetime) -> LinkStep:
    link = file.link
    waits = waits_for_review(
        entry,
        file.case,
        asked=link.asked,
        noted_at=link.noted_at,
        photos_pending=file.photos_pending,
        now=now,
    )
    return waits or Issue("new" if link.mails == 0 else "again")


def _reminder(file: LinkFile, entry: CaseLinkEntry, now: datetime) -> LinkStep:
    """Asked of those only with whom the case lies; a mail on its way is no silence."""
    link = file.link
    lies_there = link.state == "sent" and file.case.state is CaseState.FORWARDED
    if not lies_there or link.answered_at or not link.issued_at or not entry.remind_after:
        return Rest()
    due = add_working_days(link.issued_at, entry.remind_after, file.holidays)
    if now < due:
        return Rest(due)
    if link.reminders < MOST_REMINDERS:
        return Issue("reminder")
    return Rest() if link.error == SILENT else GiveUp()
