"""What a change makes of a case: pure, every one raises the version by one or refuses."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from melder_common.event_values import CaseState, PublicationPolicy
from melder_routing.domain.case import Case
from melder_routing.domain.closing_reasons import reason_for
from melder_routing.domain.reaching import reach_of
from melder_routing.domain.states import (
    MAX_REOPENINGS,
    REOPENING_DAYS,
    Actor,
    StepRefused,
    is_closed,
    require_step,
)

RefusedChange = Literal[
    "taken",
    "not_yours",
    "closed",
    "never_public",
    "no_photo",
    "too_late",
    "same_category",
    "not_reached",
    "not_offered",
]


class CaseNotFound(LookupError):
    """There is no such case, or none that this clerk may know of: both look the same."""


class StaleWrite(Exception):
    """The page was made from version ``made_on``; the case has moved on to ``current``."""

    def __init__(self, number: str, made_on: int, current: int) -> None:
        super().__init__(f"case {number} is at version {current}, the form at {made_on}")
        self.number = number
        self.made_on = made_on
        self.current = current


class ChangeRefused(Exception):
    """The change makes no sense now. ``why`` is a code the desk turns into a sentence."""

    def __init__(self, why: RefusedChange) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class StateChange:
    """A move: the case after it, and the public word (``message``) with its ``reason`` code."""

    before: Case
    after: Case
    message: str | None
    reason: str | None

    def without_word(self) -> "StateChange":
        """The same move with nothing said in public: the word went another way."""
        return replace(self, message=None)


def require_version(case: Case, made_on: int) -> None:
    """Raises StaleWrite unless the form was made from the present version."""
    if case.version != made_on:
        raise StaleWrite(case.number, made_on, case.version)


def claim(case: Case, clerk: UUID) -> Case:
    """The clerk takes the case. Raises ChangeRefused when closed or in another's hands."""
    if is_closed(case.state):
        raise ChangeRefused("closed")
    if case.assignee not in {None, clerk}:
        raise ChangeRefused("taken")
    return touched(case, assignee=clerk)


def give_back(case: Case, clerk: UUID) -> Case:
    """The case returns to its queue. Raises ChangeRefused when it is not the clerk's own."""
    if case.assignee != clerk:
        raise ChangeRefused("not_yours")
    return touched(case, assignee=None)


def move(
    case: Case,
    target: CaseState,
    *,
    actor: Actor,
    now: datetime,
    message: str | None = None,
    reason: str | None = None,
) -> StateChange:
    """The case in state ``target``. Raises StepRefused, and WrongReason for a wrong code.

    A reason without a message speaks its public sentence.
    """
    cause = reason_for(reason, target)
    can_ask = reach_of(case).can_ask
    require_step(case.state, target, actor=actor, message=message, reason=reason, can_ask=can_ask)
    waiting = target is CaseState.WAITING_FOR_REPORTER
    reopening = is_closed(case.state)
    after = touched(
        case,
        state=target,
        resumes_as=case.state if waiting else None,
        closed_at=now if is_closed(target) else None,
        reopened=case.reopened + (reopening and actor is Actor.REPORTER),
        unread=0 if actor is Actor.CLERK else case.unread,
    )
    said = message or (cause.sentence if cause else None)
    return StateChange(case, after, said, cause.code if cause else None)


def resume(case: Case, *, actor: Actor, now: datetime) -> StateChange:
    """Back to the state before the question. Raises StepRefused when nothing was asked."""
    if case.state is not CaseState.WAITING_FOR_REPORTER:
        raise StepRefused(case.state, case.state, "not_allowed")
    return move(case, case.resumes_as or CaseState.ACCEPTED, actor=actor, now=now)


def may_reopen(case: Case, now: datetime) -> bool:
    """Whether a reporter's wish reopens the case by itself; otherwise it is a note for a clerk."""
    if case.state is not CaseState.RESOLVED or case.closed_at is None:
        return False
    in_time = now - case.closed_at <= timedelta(days=REOPENING_DAYS)
    return in_time and case.reopened < MAX_REOPENINGS


def heard(case: Case) -> Case:
    """The reporter wrote something: clerks must see it before they go on."""
    return touched(case, unread=case.unread + 1)


def touched(case: Case, **values: Any) -> Case:
    """The case with ``values`` and the next version."""
    return replace(case, version=case.version + 1, **values)


def publishes_text_at_once(policy: PublicationPolicy, *, hazard: bool, text: str) -> bool:
    """Whether the category's policy releases the text without a clerk; never with a hazard."""
    return policy.text == "at_once" and not hazard and bool(text)


def wants_text_review(policy: PublicationPolicy, *, hazard: bool, text: str) -> bool:
    """Whether a clerk has to look at the text because it might be published."""
    if not text or policy.text == "never":
        return False
    return not publishes_text_at_once(policy, hazard=hazard, text=text)
