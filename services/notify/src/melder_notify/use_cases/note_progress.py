"""Clerks worked on a case: note its state, and say what is worth a mail."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.event_values import CLOSED_STATES, CaseState
from melder_common.events import CaseMerged, CaseMessagePosted, CaseStatusChanged
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.news import MailKind, News, Topic
from melder_notify.store.contacts import set_end
from melder_notify.store.reports import change_report, find_reports
from melder_notify.use_cases.announce import Announcement, announce
from melder_notify.use_cases.office import Office

_AFTER_AN_ANSWER = frozenset({CaseState.ACCEPTED, CaseState.IN_PROGRESS, CaseState.PLANNED})


async def note_changed_states(
    unit: UnitOfWork, heard: Sequence[Heard[CaseStatusChanged]], office: Office
) -> None:
    """Note states and closings; a closed case's contacts are kept for a while longer only."""
    announcements = []
    for one in heard:
        await _note_state(unit, one.event, office)
        told = what_to_tell(one.event)
        if told:
            kind, news = told
            announcements.append(Announcement(one.event.report_id, one.event_id, kind, news))
    await announce(unit, announcements)


async def note_posted_messages(
    unit: UnitOfWork, heard: Sequence[Heard[CaseMessagePosted]], _office: Office
) -> None:
    """Pass a body's words on: a question at once, anything else with the next status mail."""
    announcements = []
    for one in heard:
        event = one.event
        asked = event.kind == "question"
        topic = Topic.QUESTION if asked else Topic.WORD
        news = News(topic, event.posted_at, body=event.body.name, text=event.text)
        kind = MailKind.QUESTION if asked else MailKind.STATUS
        announcements.append(
            Announcement(
                event.report_id, one.event_id, kind, news, own_reporter_only=not event.public
            )
        )
    await announce(unit, announcements)


async def note_merged_cases(
    unit: UnitOfWork, heard: Sequence[Heard[CaseMerged]], office: Office
) -> None:
    """Let the reporter follow the case that goes on.

    Being split off again is news; the merging itself comes as the state "duplicate".
    """
    for one in heard:
        event = one.event
        into = None if event.undone else event.into_report_id
        await change_report(unit.connection, event.report_id, merged_into=into)
        closed_at = None
        if into:
            leading = (await find_reports(unit.connection, [into])).get(into)
            closed_at = leading.closed_at if leading else None
        end = closed_at + office.retention.after_closing if closed_at else None
        await set_end(unit.connection, event.report_id, end)
        if event.undone:
            news = News(Topic.SEPARATED, one.occurred_at)
            await announce(
                unit, [Announcement(event.report_id, one.event_id, MailKind.STATUS, news)]
            )


def what_to_tell(event: CaseStatusChanged) -> tuple[MailKind, News] | None:
    """The mail a change of state is worth.

    A question has its own event; going on after its answer is no news.
    """
    reopened = event.previous in CLOSED_STATES and event.state not in CLOSED_STATES
    news = News(
        Topic.STATE,
        event.changed_at,
        body=event.body.name,
        text=event.message,
        state=event.state,
        reopened=reopened,
    )
    if event.state in CLOSED_STATES:
        ended = News(Topic.CLOSED, news.at, body=news.body, text=news.text, state=event.state)
        return MailKind.CLOSING, ended
    if event.state is CaseState.WAITING_FOR_REPORTER:
        return None
    if event.state is event.previous:
        said = News(Topic.WORD, news.at, body=news.body, text=event.message)
        return (MailKind.STATUS, said) if event.message else None
    if reopened or event.message:
        return MailKind.STATUS, news
    answered = event.previous is CaseState.WAITING_FOR_REPORTER and event.state in _AFTER_AN_ANSWER
    return None if answered or event.state is CaseState.RECEIVED else (MailKind.STATUS, news)


async def _note_state(unit: UnitOfWork, event: CaseStatusChanged, office: Office) -> None:
    closed_at = event.changed_at if event.state in CLOSED_STATES else None
    await change_report(
        unit.connection, event.report_id, state=event.state.value, closed_at=closed_at
    )
    if event.state is CaseState.DUPLICATE:
        known = (await find_reports(unit.connection, [event.report_id])).get(event.report_id)
        if known and known.merged_into:
            return
    if closed_at or event.previous in CLOSED_STATES:
        end = closed_at + office.retention.after_closing if closed_at else None
        await set_end(unit.connection, event.report_id, end)
