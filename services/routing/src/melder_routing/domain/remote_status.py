"""What the other side's status means here, in one table, and what it is told of our states.

Sources: GeoReport v2 (open, closed), mySociety's ``servicerequestupdates`` (the rest), the detailed
statuses of Klarschiff and 6Aika. A space, a hyphen and an underscore are the same.
"""

import re
from dataclasses import dataclass

from melder_common.event_values import CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.states import Actor, is_closed, steps_from

_S = CaseState


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """A word of the other side: how it reads here, and the state it brings (none: no change).

    ``reason`` is a closing reason; ``sentence`` what the public reads when no text came along,
    with ``{body}`` for the other side's name.
    """

    word: str
    target: CaseState | None = None
    reason: str | None = None
    sentence: str = ""


NOW_WITH = "Ihre Meldung liegt jetzt bei: {body}."
NUMBERED_THERE = " Dort hat sie die Nummer {number}."
"""What the public reads when a case has arrived at the other side."""

_FIXED = RemoteStatus("behoben", _S.RESOLVED, "fixed", "{body} hat den Mangel behoben.")
_CLOSED = RemoteStatus("abgeschlossen", _S.RESOLVED, None, "{body} hat die Meldung abgeschlossen.")
_NO_ACTION = RemoteStatus(
    "keine weitere Bearbeitung",
    _S.NOT_ACTIONABLE,
    "not_possible",
    "{body} hat die Meldung geprüft und unternimmt nichts weiter.",
)
_DOUBLE = RemoteStatus("dort schon gemeldet", _S.DUPLICATE, "already_reported")
_NOT_THEIRS = RemoteStatus(
    "nicht zuständig",
    _S.RECEIVED,
    None,
    "{body} ist nach eigener Prüfung nicht zuständig. Wir klären, wer zuständig ist.",
)
_AGAIN = RemoteStatus(
    "wieder geöffnet", _S.FORWARDED, None, "{body} bearbeitet die Meldung wieder."
)
_OPEN, _CHECKING = RemoteStatus("offen"), RemoteStatus("wird geprüft")
_ACCEPTED = RemoteStatus("angenommen", sentence="{body} kümmert sich darum.")
_PLANNED = RemoteStatus("eingeplant", sentence="{body} hat die Arbeit eingeplant.")
_WORKING = RemoteStatus("in Arbeit", sentence="{body} arbeitet daran.")

REMOTE_STATUSES: dict[str, RemoteStatus] = {
    "open": _OPEN,
    "confirmed": _OPEN,
    "pending": _OPEN,
    "received": _OPEN,
    "for_triage": _CHECKING,
    "investigating": _CHECKING,
    "accepted": _ACCEPTED,
    "internal_referral": RemoteStatus("wird intern weitergegeben"),
    "planned": _PLANNED,
    "action_scheduled": _PLANNED,
    "in_progress": _WORKING,
    "in_process": _WORKING,
    "unchanged": RemoteStatus("unverändert"),
    "fixed": _FIXED,
    "fixed_council": _FIXED,
    "fixed_user": _FIXED,
    "processed": _FIXED,
    "closed": _CLOSED,
    "no_further_action": _NO_ACTION,
    "unable_to_fix": _NO_ACTION,
    "rejected": _NO_ACTION,
    "duplicate": _DOUBLE,
    "not_councils_responsibility": _NOT_THEIRS,
    "not_responsible": _NOT_THEIRS,
    "cancelled": _NOT_THEIRS,
    "reopen": _AGAIN,
    "reopened": _AGAIN,
}
"""By word in lower case, with underscores."""

OUR_STATES: dict[CaseState, str] = {
    _S.RECEIVED: "OPEN",
    _S.ACCEPTED: "INVESTIGATING",
    _S.PLANNED: "PLANNED",
    _S.IN_PROGRESS: "IN_PROGRESS",
    _S.WAITING_FOR_REPORTER: "INVESTIGATING",
    _S.FORWARDED: "UNCHANGED",
    _S.RESOLVED: "FIXED",
    _S.NOT_ACTIONABLE: "NO_FURTHER_ACTION",
    _S.DUPLICATE: "DUPLICATE",
}
"""What the other side hears of our own states, in mySociety's words."""


def status_key(word: str) -> str:
    """How a status stands in the table, whatever spelling came: ``Fixed - Council``."""
    return re.sub(r"[\s_-]+", "_", word.strip().lower()).strip("_")


def find_status(word: str) -> RemoteStatus | None:
    """What ``word`` means; none for one that nobody knows."""
    return REMOTE_STATUSES.get(status_key(word))


def word_for(status: str | None) -> str:
    """How a remote status reads at the desk; an unknown one as it came."""
    if not status:
        return "noch keine Rückmeldung"
    known = find_status(status)
    return known.word if known else f"„{status[:60]}“"


def target_of(case: Case, status: RemoteStatus | None, before: str | None) -> CaseState | None:
    """The state that ``status`` brings to ``case``; none when it changes nothing or may not.

    ``before`` is the status heard last. What clerks took into their own hands, or closed
    themselves, stays theirs; what was closed there comes back with any word for open.
    """
    if status is None:
        return None
    target = status.target
    if target is None and status.word != "unverändert" and _was_closed(before):
        target = CaseState.FORWARDED
    if target is CaseState.FORWARDED and not is_closed(case.state):
        return None
    may = {step.target for step in steps_from(case.state, Actor.OUTSIDE)}
    return target if target in may else None


def sentence_for(status: RemoteStatus, target: CaseState | None, name: str) -> str | None:
    """What the public reads of a status when no text came along; ``name``: the other side's."""
    spoken = _AGAIN if target is CaseState.FORWARDED else status
    return spoken.sentence.format(body=name) or None


def _was_closed(before: str | None) -> bool:
    known = find_status(before or "")
    return known is not None and known.target is not None and is_closed(known.target)
