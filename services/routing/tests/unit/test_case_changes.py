"""Changes of a case as pure decisions."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from melder_common.event_values import BodyRef, CaseState, PublicationPolicy
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import (
    ChangeRefused,
    StaleWrite,
    claim,
    give_back,
    may_reopen,
    move,
    publishes_text_at_once,
    require_version,
    resume,
    wants_text_review,
)
from melder_routing.domain.clerk import Role, Scope, scope_of
from melder_routing.domain.closing_reasons import CLOSING_REASONS, WrongReason
from melder_routing.domain.reaching import reach_of
from melder_routing.domain.states import Actor, StepRefused, is_closed
from melder_routing.domain.visibility import (
    VISIBLE,
    Part,
    Relation,
    acting_body,
    may_work,
    relations_of,
    visible_parts,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANNA, BERT = UUID(int=1), UUID(int=2)
NORD, AMT = BodyRef(slug="nord", name="Nord"), BodyRef(slug="amt", name="Amt")

CASE = Case(
    case_id=UUID(int=10),
    report_id=UUID(int=11),
    number="K7M4Q2XA",
    category="lamp",
    state=CaseState.ACCEPTED,
    version=7,
    queue="amt-korb",
    working=AMT,
    responsible=NORD,
    candidates=frozenset({"sued"}),
    former=frozenset({"west"}),
    informed=frozenset({"ost"}),
    assignee=None,
    resumes_as=None,
    hazard=False,
    reopened=0,
    channels=frozenset({"email"}),
    contact_confirmed=False,
    contact_erased=False,
    tracking_opened=False,
    submitted_at=NOW,
    due_at=NOW,
    closed_at=None,
)


def changed(**values: Any) -> Case:
    return dataclasses.replace(CASE, **values)


def test_every_change_counts_the_version() -> None:
    assert claim(CASE, ANNA).version == 8
    assert give_back(changed(assignee=ANNA), ANNA).version == 8
    assert move(CASE, CaseState.PLANNED, actor=Actor.CLERK, now=NOW).after.version == 8


def test_a_stale_version_names_both() -> None:
    require_version(CASE, 7)
    with pytest.raises(StaleWrite) as stale:
        require_version(CASE, 6)
    assert (stale.value.made_on, stale.value.current) == (6, 7)


@pytest.mark.parametrize(
    ("case", "why"),
    [(changed(assignee=BERT), "taken"), (changed(state=CaseState.RESOLVED), "closed")],
)
def test_claiming_is_refused(case: Case, why: str) -> None:
    with pytest.raises(ChangeRefused, match=why):
        claim(case, ANNA)


def test_only_ones_own_case_is_given_back() -> None:
    with pytest.raises(ChangeRefused, match="not_yours"):
        give_back(changed(assignee=BERT), ANNA)


def test_closing_notes_the_time_and_opening_forgets_it() -> None:
    closing = move(CASE, CaseState.RESOLVED, actor=Actor.CLERK, now=NOW, reason="fixed")
    assert closing.after.closed_at == NOW
    assert closing.message == CLOSING_REASONS["fixed"].sentence
    opening = move(closing.after, CaseState.ACCEPTED, actor=Actor.REPORTER, now=NOW)
    assert (opening.after.closed_at, opening.after.reopened) == (None, 1)


def test_own_words_replace_the_sentence_of_a_reason() -> None:
    closing = move(
        CASE, CaseState.RESOLVED, actor=Actor.CLERK, now=NOW, reason="fixed", message="Neu."
    )
    assert (closing.message, closing.reason) == ("Neu.", "fixed")


@pytest.mark.parametrize("reason", ["abuse", "invented"])
def test_a_reason_of_another_end_is_wrong(reason: str) -> None:
    with pytest.raises(WrongReason):
        move(CASE, CaseState.RESOLVED, actor=Actor.CLERK, now=NOW, reason=reason)


def test_every_reason_ends_a_case() -> None:
    assert all(is_closed(reason.state) for reason in CLOSING_REASONS.values())


def test_a_question_remembers_where_the_case_stood() -> None:
    case = changed(state=CaseState.IN_PROGRESS)
    waiting = move(
        case, CaseState.WAITING_FOR_REPORTER, actor=Actor.CLERK, now=NOW, message="Wo?"
    ).after
    assert waiting.resumes_as is CaseState.IN_PROGRESS
    back = resume(waiting, actor=Actor.TIMER, now=NOW).after
    assert (back.state, back.resumes_as) == (CaseState.IN_PROGRESS, None)
    with pytest.raises(StepRefused):
        resume(CASE, actor=Actor.TIMER, now=NOW)


@pytest.mark.parametrize(
    ("days", "reopened", "state", "expected"),
    [
        (28, 1, CaseState.RESOLVED, True),
        (29, 0, CaseState.RESOLVED, False),
        (1, 2, CaseState.RESOLVED, False),
        (1, 0, CaseState.NOT_ACTIONABLE, False),
    ],
)
def test_reopening_by_the_reporter_has_limits(
    days: int, reopened: int, state: CaseState, *, expected: bool
) -> None:
    case = changed(state=state, closed_at=NOW - timedelta(days=days), reopened=reopened)
    assert may_reopen(case, NOW) is expected


@pytest.mark.parametrize(
    ("policy", "hazard", "at_once", "review"),
    [
        ("at_once", False, True, False),
        ("at_once", True, False, True),
        ("after_review", False, False, True),
        ("never", False, False, False),
    ],
)
def test_texts_are_published_at_once_only_when_harmless(
    policy: Any, *, hazard: bool, at_once: bool, review: bool
) -> None:
    rules = PublicationPolicy(text=policy)
    assert publishes_text_at_once(rules, hazard=hazard, text="x") is at_once
    assert wants_text_review(rules, hazard=hazard, text="x") is review
    assert not wants_text_review(rules, hazard=hazard, text="")


@pytest.mark.parametrize(
    ("values", "by_mail", "can_ask"),
    [
        ({"contact_confirmed": True}, True, True),
        ({}, False, True),
        ({"contact_erased": True, "contact_confirmed": True}, False, False),
        ({"channels": frozenset()}, False, False),
        ({"channels": frozenset(), "tracking_opened": True}, False, True),
    ],
)
def test_a_question_goes_where_somebody_reads_it(
    values: dict[str, Any], *, by_mail: bool, can_ask: bool
) -> None:
    reach = reach_of(changed(**values))
    assert (reach.by_mail, reach.can_ask) == (by_mail, can_ask)
    assert reach.sentence.endswith(".")


def scope(**sets: Any) -> Scope:
    return Scope(ANNA, "Anna", **{name: frozenset(slugs) for name, slugs in sets.items()})


@pytest.mark.parametrize(
    ("who", "relations"),
    [
        (scope(queues={"amt-korb"}), {Relation.WORKING}),
        (scope(bodies={"amt"}), {Relation.WORKING}),
        (scope(bodies={"nord"}), {Relation.RESPONSIBLE}),
        (scope(border_bodies={"sued"}), {Relation.CANDIDATE}),
        (scope(border_bodies={"west"}), {Relation.FORMER}),
        (scope(border_bodies={"ost"}), {Relation.INFORMED}),
        (scope(border_bodies={"nord", "amt"}), set()),
        (scope(queues={"other"}, bodies={"other"}), set()),
    ],
)
def test_relations_follow_from_queues_and_bodies(who: Scope, relations: set[Relation]) -> None:
    assert relations_of(CASE, who) == relations
    expected = frozenset[Part]().union(*(VISIBLE[relation] for relation in relations))
    assert visible_parts(CASE, who) == expected


def test_without_a_responsible_body_the_working_one_clarifies() -> None:
    case = changed(responsible=None)
    assert relations_of(case, scope(queues={"amt-korb"})) == {Relation.CLEARING}
    assert case.body == AMT


def test_the_visibility_table_is_complete_and_narrow() -> None:
    assert set(VISIBLE) == set(Relation)
    private = {Part.TEXT, Part.PHOTOS, Part.MESSAGES, Part.HISTORY, Part.MAIL_LOG}
    for relation in (Relation.CANDIDATE, Relation.FORMER, Relation.INFORMED):
        assert not VISIBLE[relation] & private, relation
    assert VISIBLE[Relation.CANDIDATE] == {Part.PLACE, Part.CATEGORY, Part.STATE, Part.HAZARD}


@pytest.mark.parametrize(
    ("roles", "works", "sees"),
    [
        ([Role("amt", "amt-korb", "clerk")], True, True),
        ([Role("amt", "amt-korb", "reader")], False, True),
        ([Role("nord", None, "lead")], True, True),
        ([Role("nord", None, "auditor")], False, True),
        ([Role("amt", "other", "clerk")], False, False),
        ([Role("amt", "amt-korb", "admin")], False, False),
        ([], False, False),
    ],
)
def test_roles_open_what_they_name(roles: list[Role], *, works: bool, sees: bool) -> None:
    who = scope_of(ANNA, "Anna", roles)
    assert may_work(CASE, who) is works
    assert bool(visible_parts(CASE, who)) is sees


def test_history_names_the_body_one_acts_for() -> None:
    assert acting_body(CASE, scope(border_bodies={"amt", "x"})) == "amt"
    assert acting_body(CASE, scope(border_bodies={"nord"})) == "nord"
    assert acting_body(CASE, scope(border_bodies={"kreis"})) == "kreis"
