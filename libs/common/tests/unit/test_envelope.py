"""An envelope brings every event over unchanged, also to readers of another version."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from pydantic import ValidationError

from melder_common.envelope import (
    MAX_ENVELOPE_BYTES,
    EventTooLarge,
    UnknownEvent,
    open_envelope,
    seal_envelope,
)
from melder_common.event_values import BodyRef, CategoryRef, Place, PublicationPolicy
from melder_common.events import CaseRouted, Event, ReportCommented, ReportSupported

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENT_ID, REPORT = UUID(int=1), UUID(int=2)


def sealed(event: Event) -> bytes:
    return seal_envelope(
        event,
        event_id=EVENT_ID,
        aggregate_id=REPORT,
        report_id=REPORT,
        partition=3,
        occurred_at=NOON,
        seen={"intake/3": 17},
        trace="00-a-b-01",
    )


def test_what_is_sealed_is_opened_with_all_facts() -> None:
    said = ReportSupported(report_id=REPORT, supporters=4)
    heard = open_envelope(sealed(said), position=9)

    assert heard.event == said
    assert (heard.event_id, heard.aggregate_id, heard.report_id) == (EVENT_ID, REPORT, REPORT)
    assert (heard.speaker, heard.partition, heard.position) == ("intake", 3, 9)
    assert (heard.occurred_at, heard.seen, heard.trace) == (NOON, {"intake/3": 17}, "00-a-b-01")


def test_a_required_field_may_be_empty() -> None:
    """Nobody responsible is a statement, not a missing field."""
    said = CaseRouted(
        case_id=REPORT,
        report_id=REPORT,
        number="K7M4Q2XA",
        status="ambiguous",
        responsible=None,
        working=BodyRef(slug="clearing", name="Klärung"),
        reason={"de": "Wird geklärt."},
        category=CategoryRef(slug="road-pothole", name={"de": "Schlagloch"}),
        place=Place(lat=54.1, long=12.1),
        policy=PublicationPolicy(),
        boundary_version="2026",
    )
    assert open_envelope(sealed(said), position=1).event == said


def test_fields_of_a_newer_version_are_ignored() -> None:
    facts = orjson.loads(sealed(ReportSupported(report_id=REPORT, supporters=4)))
    facts["data"]["mood"] = "angry"
    facts["weather"] = "rain"
    heard = open_envelope(orjson.dumps(facts), position=1)
    assert heard.event == ReportSupported(report_id=REPORT, supporters=4)


def test_an_unknown_event_and_a_broken_one_are_told_apart() -> None:
    facts = orjson.loads(sealed(ReportSupported(report_id=REPORT, supporters=4)))
    with pytest.raises(UnknownEvent):
        open_envelope(orjson.dumps({**facts, "name": "report.sung.v1"}), position=1)
    with pytest.raises(ValidationError):
        open_envelope(orjson.dumps({**facts, "data": {"supporters": 1}}), position=1)


def test_what_would_not_fit_into_a_message_is_refused() -> None:
    text = "ä" * (MAX_ENVELOPE_BYTES // 2)
    said = ReportCommented(report_id=REPORT, comment_id=REPORT, text=text, written_at=NOON)
    with pytest.raises(EventTooLarge, match=r"report\.commented\.v1"):
        sealed(said)
