"""The table of foreign statuses: every word has a meaning, and none breaks our own rules."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from melder_common.event_values import BodyRef, CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.closing_reasons import reason_for
from melder_routing.domain.remote_status import (
    OUR_STATES,
    REMOTE_STATUSES,
    find_status,
    sentence_for,
    status_key,
    target_of,
    word_for,
)
from melder_routing.domain.states import Actor, is_closed, require_step

MYSOCIETY = (
    *("open", "investigating", "in_progress", "planned", "action_scheduled", "fixed", "closed"),
    *("duplicate", "no_further_action", "not_councils_responsibility", "internal_referral"),
    *("for_triage", "cancelled", "reopen", "unchanged"),
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def case_in(state: CaseState) -> Case:
    body = BodyRef(slug="sued", name="Süd")
    none: frozenset[str] = frozenset()
    return Case(
        uuid4(), uuid4(), "K7M4Q2X8", "lamp", state, 1, "sued", body, body, none, none, none,
        None, None, False, 0, none, False, False, False, NOW, NOW, None,
    )  # fmt: skip


def test_every_word_of_mysociety_and_of_the_specification_is_known() -> None:
    for word in MYSOCIETY:
        assert find_status(word) is find_status(word.upper().replace("_", " ")) is not None
    assert set(OUR_STATES) == set(CaseState)
    assert all(find_status(word) for word in OUR_STATES.values())


@pytest.mark.parametrize("spelling", ["Fixed - Council", "FIXED_COUNCIL", " fixed  council "])
def test_spellings_are_one(spelling: str) -> None:
    assert status_key(spelling) == "fixed_council"


def test_an_unknown_word_means_nothing_and_is_shown() -> None:
    assert find_status("verschoben") is None
    assert word_for("verschoben") == "„verschoben“"
    assert word_for(None) == "noch keine Rückmeldung"


@pytest.mark.parametrize("word", REMOTE_STATUSES)
@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("before", [None, "open", "fixed"])
def test_whatever_comes_the_step_exists_and_says_why(
    word: str, state: CaseState, before: str | None
) -> None:
    status = REMOTE_STATUSES[word]
    target = target_of(case_in(state), status, before)
    if target is None:
        return
    sentence = sentence_for(status, target, "Süd")
    reason = status.reason if is_closed(target) else None
    reason_for(reason, target)
    require_step(state, target, actor=Actor.OUTSIDE, message=sentence, reason=reason)


def test_what_clerks_took_into_their_own_hands_stays_theirs() -> None:
    for state in (CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.RECEIVED):
        assert all(
            target_of(case_in(state), one, "open") is None for one in REMOTE_STATUSES.values()
        )


def test_only_what_was_closed_there_is_opened_from_there() -> None:
    closed = case_in(CaseState.RESOLVED)
    assert target_of(closed, find_status("open"), "open") is None
    assert target_of(closed, find_status("open"), "fixed") is CaseState.FORWARDED
    assert target_of(closed, find_status("unchanged"), "fixed") is None
