"""The states of a case, in one table: who may do what next, what the public reads, Open311's word.

``STATES`` says how a state reads, ``STEPS`` which way leads where, who may go it and what must be
said on the way. Nothing else decides about states.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from melder_common.event_values import CaseState

MAX_REOPENINGS = 2
"""How often a reporter may have a resolved case opened again; later it becomes a note."""

REOPENING_DAYS = 28
"""Calendar days after the closing in which a reporter may ask for it."""

WAITING_WORKING_DAYS = 10
"""After so many working days without an answer the case returns to the clerk; it never closes."""


RefusalCode = Literal[
    "not_allowed", "message_missing", "message_or_reason_missing", "nobody_to_ask"
]


class Actor(StrEnum):
    """Who takes a step."""

    CLERK = "clerk"
    REPORTER = "reporter"
    TIMER = "timer"
    OUTSIDE = "outside"
    """A body reached by Open311: what its system says of the case that lies there."""


class Demand(StrEnum):
    """What a step must bring along."""

    NOTHING = "nothing"
    MESSAGE = "message"
    MESSAGE_OR_REASON = "message_or_reason"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class State:
    """How a state reads at the desk, to the public and in Open311."""

    state: CaseState
    desk: str
    public: str
    open311: Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed way from ``source`` to ``target``. ``label`` is the desk's button."""

    source: CaseState
    target: CaseState
    actors: frozenset[Actor]
    demand: Demand
    label: str


class StepRefused(Exception):
    """The step is not in the table, or lacks what it must bring along; ``why`` is a code."""

    def __init__(self, source: CaseState, target: CaseState, why: RefusalCode) -> None:
        super().__init__(f"{source} → {target}: {why}")
        self.source = source
        self.target = target
        self.why = why


_S = CaseState
_NEW, _ASKED, _OUT, _DONE = (
    (_S.RECEIVED,),
    (_S.WAITING_FOR_REPORTER,),
    (_S.FORWARDED,),
    (_S.RESOLVED,),
)
_TAKEN_ON = (_S.ACCEPTED, _S.PLANNED, _S.IN_PROGRESS)
_ENDED_OTHERWISE = (_S.NOT_ACTIONABLE, _S.DUPLICATE)
_ENDED = (*_DONE, *_ENDED_OTHERWISE)

_CLERK = frozenset({Actor.CLERK})
_CLERK_OR_REPORTER = frozenset({Actor.CLERK, Actor.REPORTER})
_ANYBODY = frozenset({Actor.CLERK, Actor.REPORTER, Actor.TIMER})
_SENT = frozenset({Actor.OUTSIDE})
_CLERK_OR_SENT = frozenset({Actor.CLERK, Actor.OUTSIDE})
_FREE, _MSG, _ASK, _END = (
    Demand.NOTHING, Demand.MESSAGE, Demand.QUESTION, Demand.MESSAGE_OR_REASON,
)  # fmt: skip

# fmt: off
STATES: dict[CaseState, State] = {state.state: state for state in (
    #     state                    at the desk        to the public                  Open311
    State(_S.RECEIVED,             "Eingegangen",     "Eingegangen",                 "open"),
    State(_S.ACCEPTED,             "Angenommen",      "Angenommen",                  "open"),
    State(_S.PLANNED,              "Eingeplant",      "Eingeplant",                  "open"),
    State(_S.IN_PROGRESS,          "In Arbeit",       "In Arbeit",                   "open"),
    State(_S.WAITING_FOR_REPORTER, "Rückfrage offen", "Rückfrage offen",             "open"),
    State(_S.FORWARDED,            "Weitergeleitet",  "Weitergeleitet",              "open"),
    State(_S.RESOLVED,             "Erledigt",        "Erledigt",                    "closed"),
    State(_S.NOT_ACTIONABLE,       "Nicht umsetzbar", "Nicht umsetzbar",             "closed"),
    State(_S.DUPLICATE,            "Bereits gemeldet", "Bereits gemeldet",           "closed"),
)}

_WAYS: tuple[tuple[tuple[CaseState, ...], CaseState, frozenset[Actor], Demand, str], ...] = (
    # from                         to               who      brings  the button says
    (_NEW,                         _S.ACCEPTED,     _CLERK,   _FREE, "Annehmen"),
    ((_S.ACCEPTED,),               _S.PLANNED,      _CLERK,   _FREE, "Einplanen"),
    ((_S.IN_PROGRESS,),            _S.PLANNED,      _CLERK,   _FREE, "Neu einplanen"),
    ((_S.ACCEPTED, _S.PLANNED),    _S.IN_PROGRESS,  _CLERK,   _FREE, "Arbeit beginnen"),
    (_ASKED,                       _S.ACCEPTED,     _ANYBODY, _FREE, "Weiter ohne Antwort"),
    (_ASKED,                       _S.PLANNED,      _ANYBODY, _FREE, "Einplanen"),
    (_ASKED,                       _S.IN_PROGRESS,  _ANYBODY, _FREE, "Arbeit beginnen"),
    (_OUT,                         _S.IN_PROGRESS,  _CLERK,   _FREE, "Selbst bearbeiten"),
    (_TAKEN_ON,           _S.WAITING_FOR_REPORTER,  _CLERK,   _ASK,  "Rückfrage stellen"),
    (_TAKEN_ON + _ASKED,           _S.FORWARDED, _CLERK_OR_SENT, _MSG, "Nach außen weiterleiten"),
    (_NEW + _ENDED,                _S.FORWARDED,    _SENT,    _MSG,  "Liegt woanders"),
    (_OUT,                         _S.RECEIVED,     _SENT,    _MSG,  "Kommt zurück"),
    (_OUT,                         _S.RESOLVED,  _CLERK_OR_SENT, _END, "Erledigt"),
    (_TAKEN_ON + _ASKED,           _S.RESOLVED,     _CLERK,   _END,  "Erledigt"),
    (_OUT,                         _S.NOT_ACTIONABLE, _CLERK_OR_SENT, _END, "Nicht umsetzbar"),
    (_NEW + _TAKEN_ON + _ASKED,    _S.NOT_ACTIONABLE, _CLERK, _END,  "Nicht umsetzbar"),
    (_OUT,                         _S.DUPLICATE, _CLERK_OR_SENT, _END, "Doppelt gemeldet"),
    (_NEW + _TAKEN_ON + _ASKED,    _S.DUPLICATE,    _CLERK,   _END,  "Doppelt gemeldet"),
    (_DONE,             _S.ACCEPTED, _CLERK_OR_REPORTER,      _FREE, "Wieder öffnen"),
    (_ENDED_OTHERWISE,             _S.ACCEPTED,     _CLERK,   _MSG,  "Wieder öffnen"),
)
# fmt: on

STEPS: tuple[Step, ...] = tuple(
    Step(source, target, actors, demand, label)
    for sources, target, actors, demand, label in _WAYS
    for source in sources
)
"""Every allowed way, one by one."""

_BY_WAY = {(step.source, step.target): step for step in STEPS}


def steps_from(state: CaseState, actor: Actor) -> tuple[Step, ...]:
    """The ways ``actor`` may go from ``state``, in the table's order."""
    return tuple(step for step in STEPS if step.source is state and actor in step.actors)


def require_step(
    source: CaseState,
    target: CaseState,
    *,
    actor: Actor,
    message: str | None = None,
    reason: str | None = None,
    can_ask: bool = False,
) -> Step:
    """The step from ``source`` to ``target``. Raises StepRefused, saying why.

    ``can_ask``: whether a question would reach the reporter at all.
    """
    step = _BY_WAY.get((source, target))
    if step is None or actor not in step.actors:
        raise StepRefused(source, target, "not_allowed")
    if step.demand is Demand.QUESTION and not can_ask:
        raise StepRefused(source, target, "nobody_to_ask")
    if step.demand in {Demand.MESSAGE, Demand.QUESTION} and not message:
        raise StepRefused(source, target, "message_missing")
    if step.demand is Demand.MESSAGE_OR_REASON and not (message or reason):
        raise StepRefused(source, target, "message_or_reason_missing")
    return step


def is_closed(state: CaseState) -> bool:
    """Whether Open311 calls the state closed."""
    return STATES[state].open311 == "closed"


def open_states() -> Iterable[CaseState]:
    """The states in which somebody still has to do something."""
    return (state for state in STATES if not is_closed(state))
