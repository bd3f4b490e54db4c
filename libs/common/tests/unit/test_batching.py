"""Events of one kind are put together; what is about the same report keeps its order."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from melder_common.batching import batch_by_handler, batch_neighbours
from melder_common.envelope import Heard
from melder_common.events import CaseMerged, CaseTextRedacted, Event, ReportSupported
from melder_common.followed_log import Arrival
from melder_common.transport import Message

REPORTS = [UUID(int=number) for number in range(1, 5)]
PHOTOS = [UUID(int=number) for number in range(11, 14)]


def _handler(_name: str) -> Any:
    async def handle(*_: object) -> None: ...

    return handle


HANDLERS = {name: _handler(name) for name in ("route", "release", "merge")}


def arrival(
    position: int,
    handler: str | None,
    report: UUID | None,
    aggregate: UUID | None = None,
    event: Event | None = None,
) -> Arrival:
    said = event or ReportSupported(report_id=report or uuid4(), supporters=position)
    heard = Heard(
        event=said,
        event_id=uuid4(),
        speaker="routing",
        partition=1,
        position=position,
        aggregate_id=aggregate or report or uuid4(),
        report_id=report,
        occurred_at=datetime.now(UTC),
        seen={},
    )
    message = Message(position, said.NAME, b"", "")
    return Arrival(message, HANDLERS[handler] if handler else None, heard)


def positions(batches: Any) -> list[list[int]]:
    return [[one.position for one in batch] for batch in batches]


def test_what_alternates_between_reports_becomes_two_batches() -> None:
    run = [
        arrival(2 * number + step, ("route", "release")[step], report)
        for number, report in enumerate(REPORTS)
        for step in (0, 1)
    ]
    assert positions(batch_by_handler(run)) == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert positions(batch_neighbours(run)) == [[number] for number in range(8)]


def test_a_merge_stays_before_what_follows_for_the_report_it_leads_to() -> None:
    into, other, merged = REPORTS[0], REPORTS[1], REPORTS[2]
    merge = CaseMerged(case_id=merged, report_id=merged, into_case_id=into, into_report_id=into)
    run = [
        arrival(1, "release", other),
        arrival(2, "merge", merged, event=merge),
        arrival(3, "release", into),
    ]
    assert positions(batch_by_handler(run)) == [[1], [2], [3]]


def test_what_cannot_be_read_divides_the_run() -> None:
    broken = Arrival(Message(2, CaseTextRedacted.NAME, b"?", ""), HANDLERS["release"])
    run = [arrival(1, "release", REPORTS[0]), broken, arrival(3, "release", REPORTS[1])]
    assert positions(batch_by_handler(run)) == [[1], [2], [3]]


events = st.lists(
    st.tuples(
        st.sampled_from([None, *HANDLERS]),
        st.sampled_from([None, *REPORTS]),
        st.sampled_from([None, *PHOTOS]),
    ),
    max_size=30,
)


@given(events)
def test_nothing_is_lost_and_no_report_or_photo_sees_another_order(
    said: list[tuple[str | None, UUID | None, UUID | None]],
) -> None:
    run = [arrival(number, *one) for number, one in enumerate(said)]
    batches = batch_by_handler(run)
    order = [one.position for batch in batches for one in batch]
    assert sorted(order) == [one.position for one in run if one.handler]
    assert all(len({one.handler for one in batch}) == 1 for batch in batches)
    for about in (*REPORTS, *PHOTOS):
        own = [
            one.position
            for one in run
            if one.handler
            and one.heard is not None
            and about in {one.heard.aggregate_id, one.heard.report_id}
        ]
        assert [position for position in order if position in own] == own
