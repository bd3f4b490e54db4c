"""What a body may say on the page behind its link, and until when the page shows anything: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from melder_common.event_values import CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.states import is_closed

SHOWN_AFTER_CLOSING = timedelta(days=14)
"""So long the body may look at a case that is closed."""

Ended = Literal["elsewhere", "declined", "closed", "erased", "replaced"]
"""Why a link that was right opens nothing any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing to say: ``status`` is a word of ``remote_status.py``.

    ``needs_text``: whether it is nothing without words.
    """

    code: str
    status: str
    needs_text: bool = False


ACCEPT = Answer("accept", "accepted")
NOT_OURS = Answer("not-ours", "not_responsible", needs_text=True)
NOTE = Answer("note", "unchanged", needs_text=True)

ANSWERS: dict[str, Answer] = {
    answer.code: answer
    for answer in (
        ACCEPT,
        Answer("planned", "planned"),
        Answer("working", "in_progress"),
        Answer("done", "fixed"),
        Answer("not-possible", "no_further_action", needs_text=True),
        NOT_OURS,
        NOTE,
    )
}
"""By code, in the order in which the page offers them."""

_OPEN_TO_ALL = frozenset(
    {
        CaseState.RECEIVED,
        CaseState.ACCEPTED,
        CaseState.PLANNED,
        CaseState.FORWARDED,
        CaseState.WAITING_FOR_REPORTER,
    }
)


class LinkEnded(Exception):
    """The link was right, but opens nothing any more."""

    def __init__(self, why: Ended) -> None:
        super().__init__(why)
        self.why = why


def require_open(case: Case, link: CaseLink, now: datetime) -> None:
    """Raises LinkEnded when the case is no longer this body's, or ended long ago."""
    if case.working.slug != link.body or link.state == "left":
        raise LinkEnded("elsewhere")
    if link.state == "declined":
        raise LinkEnded("declined")
    if case.closed_at is not None and now - case.closed_at > SHOWN_AFTER_CLOSING:
        raise LinkEnded("closed")


def answers_for(case: Case, link: CaseLink) -> tuple[Answer, ...]:
    """What makes sense to say now; of a case that clerks took into their hands, only a note."""
    if is_closed(case.state):
        return ()
    lies_there = case.state is CaseState.FORWARDED
    on_its_way = link.reminders == 0 and link.state in {"waiting", "issued", "failed"}
    mail_on_its_way = on_its_way and case.state in _OPEN_TO_ALL  # a reminder forwards nothing
    if not (lies_there or mail_on_its_way):
        return (NOTE,)
    return tuple(
        answer
        for answer in ANSWERS.values()
        if answer is NOTE or answer.status != link.answer
        if answer is not ACCEPT or link.answer is None
    )
