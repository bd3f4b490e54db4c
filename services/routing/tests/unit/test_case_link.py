"""What is next for a case whose body gets a link, and whom a link opens what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.event_values import BodyRef, CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.case_link import (
    MOST_REMINDERS,
    CaseLink,
    GiveUp,
    Issue,
    LinkFile,
    next_link_step,
)
from melder_routing.domain.case_link_entry import CaseLinkEntry
from melder_routing.domain.link_answers import ANSWERS, LinkEnded, answers_for, require_open
from melder_routing.domain.link_tokens import LinkKey, read_link
from melder_routing.domain.outside import Leave, Rest
from melder_routing.domain.remote_status import find_status

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUED = BodyRef(slug="sued", name="Gemeinde Süd")
STATES = st.sampled_from(["waiting", "issued", "sent", "failed", "declined", "left"])


def make_case(**changes: Any) -> Case:
    values = {
        "case_id": UUID(int=1),
        "report_id": UUID(int=2),
        "number": "K7M4Q2XA",
        "category": "lamp",
        "state": CaseState.FORWARDED,
        "version": 1,
        "queue": "sued",
        "working": SUED,
        "responsible": SUED,
        "candidates": frozenset(),
        "former": frozenset(),
        "informed": frozenset(),
        "assignee": None,
        "resumes_as": None,
        "hazard": False,
        "reopened": 0,
        "channels": frozenset(),
        "contact_confirmed": False,
        "contact_erased": False,
        "tracking_opened": False,
        "submitted_at": MONDAY,
        "due_at": MONDAY + timedelta(days=7),
        "closed_at": None,
    }
    return Case(**{**values, **changes})


def make_file(entry: Any = None, case: Any = None, **link: Any) -> LinkFile:
    values = {
        "id": UUID(int=3),
        "case_id": UUID(int=1),
        "body": "sued",
        "state": "sent",
        "noted_at": MONDAY,
        "mails": 1,
        "issued_at": MONDAY,
        "sent_at": MONDAY,
    }
    mailbox = CaseLinkEntry(email="a@b.example", **(entry or {}))
    return LinkFile(CaseLink(**{**values, **link}), make_case(**(case or {})), mailbox)


def test_reminders_come_after_working_days_and_end() -> None:
    file = make_file()
    thursday = MONDAY + timedelta(days=3)
    assert next_link_step(file, MONDAY) == Rest(thursday)
    assert next_link_step(file, thursday) == Issue("reminder")
    friday = file.link.issue("reminder", MONDAY + timedelta(days=4))
    after = replace(file, link=replace(friday, state="sent"))
    assert next_link_step(after, thursday) == Rest(MONDAY + timedelta(days=9)), "over a weekend"
    last = replace(after, link=replace(after.link, reminders=MOST_REMINDERS))
    later = MONDAY + timedelta(days=30)
    assert next_link_step(last, later) == GiveUp()
    assert next_link_step(replace(last, link=replace(last.link, error="silent")), later) == Rest()


@pytest.mark.parametrize(
    "quiet",
    [
        make_file(entry={"remind_after": 0}),
        make_file(answered_at=MONDAY),
        make_file(state="issued"),
        make_file(state="failed"),
        make_file(state="declined"),
        make_file(case={"state": CaseState.IN_PROGRESS}),
        make_file(case={"state": CaseState.RESOLVED, "closed_at": MONDAY}),
        replace(make_file(), entry=None),
        replace(make_file(), erased=True),
    ],
)
def test_nobody_is_reminded_of_what_does_not_lie_there(quiet: LinkFile) -> None:
    assert next_link_step(quiet, MONDAY + timedelta(days=90)) == Rest()


@given(
    state=STATES,
    case_state=st.sampled_from(list(CaseState)),
    asked=st.booleans(),
    mails=st.integers(0, 3),
    days=st.integers(0, 400),
    send=st.sampled_from(["at_once", "after_review", "by_hand"]),
    closed_since=st.booleans(),
)
def test_mails_go_to_the_working_body_only_and_one_at_a_time(
    *,
    state: Any,
    case_state: CaseState,
    asked: bool,
    mails: int,
    days: int,
    send: str,
    closed_since: bool,
) -> None:
    now = MONDAY + timedelta(days=days)
    case = {"state": case_state, "closed_at": MONDAY if case_state == "resolved" else None}
    file = make_file({"send": send}, case, state=state, asked=asked, mails=mails)
    file = replace(file, closed_since=closed_since)
    elsewhere = replace(
        file, case=replace(file.case, working=BodyRef(slug="nord", name="Stadt Nord"))
    )
    assert next_link_step(elsewhere, now) in (Rest(), Leave("elsewhere"))
    step = next_link_step(file, now)
    if isinstance(step, Issue):
        after = replace(file, link=file.link.issue(step.occasion, now), closed_since=False)
        assert after.link.mail_id not in {None, file.link.mail_id}
        assert after.link.generation == file.link.generation
        assert isinstance(next_link_step(after, now), Rest), "nothing more until it has arrived"


@given(st.uuids(), st.integers(1, 50), st.integers(1, 50), st.binary(min_size=32, max_size=32))
def test_a_link_fits_its_own_generation_and_key_alone(
    link_id: UUID, generation: int, other: int, key: bytes
) -> None:
    mine = LinkKey(key)
    text = read_link(mine.issue(link_id, generation))
    assert text is not None
    assert text.link_id == link_id
    assert mine.fits(text, generation)
    assert mine.fits(text, other) == (generation == other)
    assert not LinkKey(key[::-1] + b"x").fits(text, generation)
    assert "key" not in repr(mine)


@given(st.text(max_size=80))
def test_what_is_no_link_is_read_as_none(text: str) -> None:
    found = read_link(text)
    assert found is None or LinkKey(b"k" * 32).issue(found.link_id, 1).startswith(text[:22])


def test_every_answer_is_a_word_the_domain_knows() -> None:
    assert all(find_status(answer.status) for answer in ANSWERS.values())


@pytest.mark.parametrize(
    ("case", "link", "why"),
    [
        ({"working": BodyRef(slug="nord", name="Stadt Nord")}, {}, "elsewhere"),
        ({}, {"state": "left"}, "elsewhere"),
        ({}, {"state": "declined"}, "declined"),
        ({"closed_at": MONDAY - timedelta(days=15)}, {}, "closed"),
    ],
)
def test_a_link_ends(case: dict[str, Any], link: dict[str, Any], why: str) -> None:
    file = make_file(case=case, **link)
    with pytest.raises(LinkEnded) as ended:
        require_open(file.case, file.link, MONDAY)
    assert ended.value.why == why


def test_a_first_yes_is_offered_once() -> None:
    fresh, answered = make_file(), make_file(answer="accepted", answered_at=MONDAY)
    codes = [answer.code for answer in answers_for(fresh.case, fresh.link)]
    assert codes[0] == "accept"
    assert "accept" not in [one.code for one in answers_for(answered.case, answered.link)]


@pytest.mark.parametrize("state", ["issued", "failed"])
def test_a_reminder_takes_nothing_out_of_the_hands_of_clerks(state: str) -> None:
    file = make_file(case={"state": CaseState.PLANNED}, state=state, reminders=1)
    assert [answer.code for answer in answers_for(file.case, file.link)] == ["note"]
