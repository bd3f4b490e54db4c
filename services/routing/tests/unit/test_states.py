"""The table of states: every way that exists, and that no other exists."""

import itertools

import pytest

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_routing.domain.states import (
    STATES,
    STEPS,
    Actor,
    Demand,
    StepRefused,
    is_closed,
    open_states,
    require_step,
    steps_from,
)
from melder_web.case_states import STATE_BADGES

S = CaseState

# Written down once more by hand: a slip in the table has to be made twice to pass.
BY_CLERK = {
    S.RECEIVED: {S.ACCEPTED, S.NOT_ACTIONABLE, S.DUPLICATE},
    S.ACCEPTED: {
        S.PLANNED,
        S.IN_PROGRESS,
        S.WAITING_FOR_REPORTER,
        S.FORWARDED,
        S.RESOLVED,
        S.NOT_ACTIONABLE,
        S.DUPLICATE,
    },
    S.PLANNED: {
        S.IN_PROGRESS,
        S.WAITING_FOR_REPORTER,
        S.FORWARDED,
        S.RESOLVED,
        S.NOT_ACTIONABLE,
        S.DUPLICATE,
    },
    S.IN_PROGRESS: {
        S.PLANNED,
        S.WAITING_FOR_REPORTER,
        S.FORWARDED,
        S.RESOLVED,
        S.NOT_ACTIONABLE,
        S.DUPLICATE,
    },
    S.WAITING_FOR_REPORTER: {
        S.ACCEPTED,
        S.PLANNED,
        S.IN_PROGRESS,
        S.FORWARDED,
        S.RESOLVED,
        S.NOT_ACTIONABLE,
        S.DUPLICATE,
    },
    S.FORWARDED: {S.IN_PROGRESS, S.RESOLVED, S.NOT_ACTIONABLE, S.DUPLICATE},
    S.RESOLVED: {S.ACCEPTED},
    S.NOT_ACTIONABLE: {S.ACCEPTED},
    S.DUPLICATE: {S.ACCEPTED},
}
BY_REPORTER = {
    S.WAITING_FOR_REPORTER: {S.ACCEPTED, S.PLANNED, S.IN_PROGRESS},
    S.RESOLVED: {S.ACCEPTED},
}
BY_TIMER = {S.WAITING_FOR_REPORTER: {S.ACCEPTED, S.PLANNED, S.IN_PROGRESS}}
BY_OUTSIDE = {
    **{
        state: {S.FORWARDED}
        for state in (
            *(S.RECEIVED, S.ACCEPTED, S.PLANNED, S.IN_PROGRESS, S.WAITING_FOR_REPORTER),
            *(S.RESOLVED, S.NOT_ACTIONABLE, S.DUPLICATE),
        )
    },
    S.FORWARDED: {S.RECEIVED, S.RESOLVED, S.NOT_ACTIONABLE, S.DUPLICATE},
}
WAYS = {
    Actor.CLERK: BY_CLERK,
    Actor.REPORTER: BY_REPORTER,
    Actor.TIMER: BY_TIMER,
    Actor.OUTSIDE: BY_OUTSIDE,
}


@pytest.mark.parametrize("actor", list(Actor))
@pytest.mark.parametrize(("source", "target"), list(itertools.product(S, S)))
def test_every_pair_of_states_is_allowed_or_refused(
    actor: Actor, source: CaseState, target: CaseState
) -> None:
    full = {"message": "Text", "reason": "fixed", "can_ask": True}
    if target in WAYS[actor].get(source, set()):
        step = require_step(source, target, actor=actor, **full)  # type: ignore[arg-type]  # a mapping of mixed values
        assert (step.source, step.target) == (source, target)
    else:
        with pytest.raises(StepRefused) as refused:
            require_step(source, target, actor=actor, **full)  # type: ignore[arg-type]  # as above
        assert refused.value.why == "not_allowed"


def test_no_way_stands_twice_in_the_table() -> None:
    ways = [(step.source, step.target) for step in STEPS]
    assert len(ways) == len(set(ways))


def test_only_a_clerk_closes_a_case_or_the_body_outside_with_which_it_lies() -> None:
    for step in STEPS:
        if is_closed(step.target):
            outside = {Actor.OUTSIDE} if step.source is S.FORWARDED else set()
            assert step.actors == {Actor.CLERK} | outside


def test_every_end_needs_a_reason_or_a_message() -> None:
    ends = [step for step in STEPS if is_closed(step.target)]
    assert {step.demand for step in ends} == {Demand.MESSAGE_OR_REASON}
    with pytest.raises(StepRefused, match="message_or_reason_missing"):
        require_step(S.ACCEPTED, S.RESOLVED, actor=Actor.CLERK)
    require_step(S.ACCEPTED, S.RESOLVED, actor=Actor.CLERK, reason="fixed")
    require_step(S.ACCEPTED, S.RESOLVED, actor=Actor.CLERK, message="Behoben.")


@pytest.mark.parametrize(
    ("can_ask", "message", "why"),
    [(False, "Wo?", "nobody_to_ask"), (True, "", "message_missing")],
)
def test_a_question_needs_words_and_somebody_to_answer(
    *, can_ask: bool, message: str, why: str
) -> None:
    with pytest.raises(StepRefused, match=why):
        require_step(
            S.ACCEPTED,
            S.WAITING_FOR_REPORTER,
            actor=Actor.CLERK,
            message=message,
            can_ask=can_ask,
        )


def test_every_state_has_its_words_and_a_way_out() -> None:
    assert set(STATES) == set(CaseState)
    for state in CaseState:
        assert steps_from(state, Actor.CLERK), f"{state} is a dead end"


def test_closed_means_the_same_to_everybody() -> None:
    closed = {state for state in CaseState if is_closed(state)}
    assert closed == CLOSED_STATES
    assert set(open_states()) == set(CaseState) - CLOSED_STATES


def test_the_public_reads_what_the_badges_say() -> None:
    assert {state: entry.public for state, entry in STATES.items()} == {
        CaseState(state): badge.text for state, badge in STATE_BADGES.items()
    }
