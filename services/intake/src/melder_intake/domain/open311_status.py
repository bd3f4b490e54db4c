"""What our states are called in updates of service requests, and what clients mean by theirs.

The words are those of mySociety's extension (FixMyStreet); FixMyStreet takes every word that it
does not know for "nothing changed", so only words that it knows are told.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from melder_common.event_values import CLOSED_STATES, CaseState

_S = CaseState

# fmt: off
_TOLD: tuple[tuple[CaseState, str | None, str], ...] = (
    # state                  closing reason            mySociety's word
    (_S.RECEIVED,             None,                     "open"),
    (_S.ACCEPTED,             None,                     "investigating"),
    (_S.PLANNED,              None,                     "planned"),
    (_S.IN_PROGRESS,          None,                     "in_progress"),
    (_S.WAITING_FOR_REPORTER, None,                     "investigating"),
    (_S.FORWARDED,            None,                     "investigating"),
    (_S.RESOLVED,             None,                     "fixed"),
    (_S.RESOLVED,             "fixed",                  "fixed"),
    (_S.RESOLVED,             "gone",                   "fixed"),
    (_S.RESOLVED,             "fixed_by_others",        "fixed"),
    (_S.NOT_ACTIONABLE,       None,                     "no_further_action"),
    (_S.NOT_ACTIONABLE,       "private_ground",         "not_councils_responsibility"),
    (_S.NOT_ACTIONABLE,       "no_defect",              "no_further_action"),
    (_S.NOT_ACTIONABLE,       "not_possible",           "no_further_action"),
    (_S.NOT_ACTIONABLE,       "too_little_information", "no_further_action"),
    (_S.NOT_ACTIONABLE,       "abuse",                  "no_further_action"),
    (_S.DUPLICATE,            None,                     "duplicate"),
    (_S.DUPLICATE,            "already_reported",       "duplicate"),
)
# fmt: on
# "forwarded" is open here, while internal_referral ends a report at FixMyStreet; a case that is
# opened again reads "investigating", because FixMyStreet knows no "reopen" that it is told.

STATUSES = {(state, reason): word for state, reason, word in _TOLD}


def status_word(state: CaseState, reason: str | None) -> str:
    """MySociety's word for a state and the reason it ended for."""
    return STATUSES.get((state, reason)) or STATUSES[state, None]


_ENDED = frozenset(
    {
        "fixed", "closed", "duplicate", "no_further_action", "not_councils_responsibility",
        "internal_referral", "cancelled",
    }
)  # fmt: skip
_GOES_ON = frozenset(
    {
        "open", "investigating", "in_progress", "planned", "action_scheduled", "for_triage",
        "unchanged",
    }
)  # fmt: skip
KNOWN_WORDS = _ENDED | _GOES_ON | {"reopen"}
"""What a client may send as status, in any letter case, with spaces or underscores."""

Meaning = Literal["nothing", "fixed", "not_fixed", "reopen"]


def status_given(text: str) -> str | None:
    """The word behind ``text``, None when nobody knows it."""
    word = "_".join(text.strip().lower().split())
    return word if word in KNOWN_WORDS else None


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """What intake knows of a case when an update comes. ``fixed``: what was said of it before."""

    state: CaseState
    closed_at: datetime | None
    fixed: bool | None


def meaning_of(word: str, said_at: datetime, seen: CaseSeen) -> Meaning:
    """What the reporter's side tells us by sending ``word`` with an update.

    Clients send the state they last knew with every comment, so only what differs from ours and
    is newer says anything. Nothing of it changes a state: routing and clerks decide.
    """
    closed = seen.state in CLOSED_STATES
    if not closed:
        if word in {"fixed", "closed"}:
            return "fixed"
        # they said fixed, and now it goes on
        return "not_fixed" if seen.fixed and word in _GOES_ON | {"reopen"} else "nothing"
    if word == "reopen":
        return "reopen"
    if word == "fixed":
        return "fixed"
    newer = seen.closed_at is not None and said_at > seen.closed_at
    return "not_fixed" if word == "open" and newer else "nothing"
