from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.event_values import CLOSED_STATES, BodyRef, CaseState
from melder_common.events import CaseStatusChanged
from melder_notify.domain.news import MailKind, News, Topic
from melder_notify.use_cases.note_progress import what_to_tell

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def changed(previous: str, state: str, message: str | None = None) -> CaseStatusChanged:
    return CaseStatusChanged(
        case_id=uuid4(),
        report_id=uuid4(),
        state=CaseState(state),
        previous=CaseState(previous),
        message=message,
        body=BodyRef(slug="amt", name="Amt"),
        changed_at=NOW,
    )


@pytest.mark.parametrize("state", sorted(CLOSED_STATES))
def test_every_end_is_a_closing(state: str) -> None:
    told = what_to_tell(changed("in_progress", state, "Grund"))
    assert told
    assert (told[0], told[1].topic, told[1].state) == (MailKind.CLOSING, Topic.CLOSED, state)


@pytest.mark.parametrize("state", ["accepted", "planned", "in_progress", "forwarded"])
def test_progress_is_a_status(state: str) -> None:
    told = what_to_tell(changed("received", state))
    assert told
    assert told[0] is MailKind.STATUS


@pytest.mark.parametrize(
    ("previous", "state"),
    [
        ("accepted", "waiting_for_reporter"),
        ("waiting_for_reporter", "accepted"),
        ("waiting_for_reporter", "in_progress"),
        ("accepted", "received"),
        ("accepted", "accepted"),
    ],
)
def test_internal_steps_without_a_word_are_no_news(previous: str, state: str) -> None:
    assert what_to_tell(changed(previous, state)) is None


def test_a_word_without_a_change_is_passed_on() -> None:
    told = what_to_tell(changed("accepted", "accepted", "Wir kommen Montag."))
    assert told == (MailKind.STATUS, News(Topic.WORD, NOW, "Amt", "Wir kommen Montag."))


def test_reopening_is_told_as_such() -> None:
    told = what_to_tell(changed("resolved", "accepted"))
    assert told
    assert told[1].reopened


@given(
    st.builds(
        News,
        topic=st.sampled_from(Topic),
        at=st.datetimes(timezones=st.just(UTC)),
        body=st.none() | st.text(min_size=1),
        text=st.none() | st.text(min_size=1),
        state=st.none() | st.sampled_from([state.value for state in CaseState]),
        reopened=st.booleans(),
    )
)
def test_news_come_back_from_their_row(news: News) -> None:
    assert News.from_facts(news.to_facts()) == news
