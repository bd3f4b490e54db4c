"""mySociety's words for our states, and what the words of clients mean."""

from datetime import UTC, datetime, timedelta

import pytest

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_intake.domain.open311_status import (
    KNOWN_WORDS,
    STATUSES,
    CaseSeen,
    meaning_of,
    status_given,
    status_word,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

ENDS_AT_FIXMYSTREET = {
    "fixed", "closed", "duplicate", "no_further_action", "not_councils_responsibility",
    "internal_referral", "cancelled",
}  # fmt: skip


@pytest.mark.parametrize("state", CaseState)
def test_every_state_has_a_word_that_ends_exactly_what_is_closed(state: CaseState) -> None:
    for reason in {known for _, known in STATUSES} | {"unknown"}:
        word = status_word(state, reason)
        assert word in KNOWN_WORDS
        assert (word in ENDS_AT_FIXMYSTREET) == (state in CLOSED_STATES)


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("OPEN", "open"),
        ("In Progress", "in_progress"),
        ("NOT_COUNCILS_RESPONSIBILITY", "not_councils_responsibility"),
        (" fixed ", "fixed"),
        ("Erledigt", None),
        ("", None),
    ],
)
def test_words_are_read_in_every_spelling(sent: str, word: str | None) -> None:
    assert status_given(sent) == word


def seen(state: str, fixed: bool | None = None) -> CaseSeen:  # noqa: FBT001 (a fact, not a switch)
    return CaseSeen(CaseState(state), AT if CaseState(state) in CLOSED_STATES else None, fixed)


@pytest.mark.parametrize(
    ("word", "case", "meaning"),
    [
        ("open", seen("accepted"), "nothing"),
        ("investigating", seen("received"), "nothing"),
        ("fixed", seen("in_progress"), "fixed"),
        ("closed", seen("planned"), "fixed"),
        ("no_further_action", seen("planned"), "nothing"),
        ("open", seen("accepted", fixed=True), "not_fixed"),
        ("reopen", seen("accepted", fixed=True), "not_fixed"),
        ("reopen", seen("accepted"), "nothing"),
        ("fixed", seen("resolved"), "fixed"),
        ("closed", seen("resolved"), "nothing"),
        ("in_progress", seen("resolved"), "nothing"),
        ("open", seen("resolved"), "not_fixed"),
        ("reopen", seen("resolved"), "reopen"),
        ("reopen", seen("duplicate"), "reopen"),
    ],
)
def test_what_a_word_means(word: str, case: CaseSeen, meaning: str) -> None:
    assert meaning_of(word, AT + timedelta(minutes=1), case) == meaning


def test_the_state_of_before_the_closing_says_nothing() -> None:
    assert meaning_of("open", AT - timedelta(minutes=1), seen("resolved")) == "nothing"
