"""What every clerk's action on a case has in common: take it, change it, keep it, say it."""

from dataclasses import dataclass
from uuid import UUID

from melder_common.events import CaseStatusChanged, Event
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import CaseNotFound, StateChange, require_version
from melder_routing.domain.clerk import Scope
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import WAITING_WORKING_DAYS
from melder_routing.domain.visibility import acting_body, may_work
from melder_routing.domain.working_days import add_working_days
from melder_routing.store.case_contents import add_message
from melder_routing.store.cases import add_history, lock_visible_case, save_case
from melder_routing.store.holidays import find_holidays

WAITING_TIMER = "waiting_over"


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts (by scope), on which case (by number), and the version his page showed."""

    scope: Scope
    number: str
    version: int


async def take_case(unit: UnitOfWork, act: Act) -> Case:
    """The case, locked, as the page showed it. Raises CaseNotFound, StaleWrite."""
    case = await lock_visible_case(unit.connection, act.scope, act.number)
    if not may_work(case, act.scope):
        raise CaseNotFound(act.number)
    require_version(case, act.version)
    return case


async def keep_case(
    unit: UnitOfWork,
    act: Act,
    before: Case,
    after: Case,
    kind: HistoryKind,
    *,
    refers_to: UUID | None = None,
    codes: dict[str, str] | None = None,
) -> None:
    """Save a clerk's change together with its line of history."""
    await save_case(unit, before, after)
    entry = HistoryEntry(
        kind,
        body=acting_body(before, act.scope),
        clerk_id=act.scope.clerk_id,
        version=after.version,
        refers_to=refers_to,
        codes=codes or {},
    )
    await add_history(unit, before.case_id, entry)


async def keep_state(
    unit: UnitOfWork, change: StateChange, entry: HistoryEntry, *, message_id: UUID | None = None
) -> None:
    """Save a move with message, history, timer and event; ``entry`` says who moved it."""
    before, after = change.before, change.after
    await save_case(unit, before, after)
    if change.message and message_id is None:
        message_id = await _keep_word(unit, change)
    await add_history(unit, before.case_id, _state_line(change, entry, message_id))
    await _mind_waiting(unit, change)
    say(
        unit,
        after,
        CaseStatusChanged(
            case_id=after.case_id,
            report_id=after.report_id,
            state=after.state,
            previous=before.state,
            message=change.message,
            reason=change.reason,
            body=after.body,
            changed_at=unit.now,
        ),
    )


def say(unit: UnitOfWork, case: Case, event: Event) -> None:
    """Record an event of this case; the case's lock keeps its events in order."""
    unit.record(event, aggregate_id=case.case_id, report_id=case.report_id)


async def _keep_word(unit: UnitOfWork, change: StateChange) -> UUID:
    message_id = new_id()
    await add_message(
        unit.connection,
        message_id=message_id,
        case_id=change.before.case_id,
        at=unit.now,
        kind="status",
        text=change.message,
        body=change.after.body.slug,
        public=True,
    )
    return message_id


def _state_line(change: StateChange, entry: HistoryEntry, message_id: UUID | None) -> HistoryEntry:
    codes = {"from": change.before.state.value, "to": change.after.state.value, **entry.codes}
    if change.reason:
        codes["reason"] = change.reason
    return HistoryEntry(
        HistoryKind.STATE,
        body=entry.body,
        clerk_id=entry.clerk_id,
        version=change.after.version,
        refers_to=message_id,
        codes=codes,
    )


async def _mind_waiting(unit: UnitOfWork, change: StateChange) -> None:
    """A question has a term; whatever else happens to the case ends it."""
    key = str(change.before.case_id)
    if change.after.resumes_as is not None:
        holidays = await find_holidays(unit.connection)
        at = add_working_days(unit.now, WAITING_WORKING_DAYS, holidays)
        await unit.plan(WAITING_TIMER, key, at=at)
    elif change.before.resumes_as is not None:
        await unit.cancel(WAITING_TIMER, key)
