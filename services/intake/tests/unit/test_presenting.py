"""How a history reads to the public."""

from datetime import UTC, datetime

from melder_intake.http.presenting import present_history
from melder_intake.store.public_reading import TimelineEntry

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def routed(decision: str) -> TimelineEntry:
    return TimelineEntry(NOON, "routed", body_name="Nord", data={"decision": decision})


def test_a_body_is_found_once_and_afterwards_another_one_is_responsible() -> None:
    history = [routed("unserved"), routed("decided"), routed("decided"), routed("ambiguous")]
    assert [line.title for line in present_history(history)] == [
        "Zuständigkeit wird geklärt",
        "Zuständige Stelle gefunden",
        "Jetzt zuständig",
        "Zuständigkeit wird geklärt",
    ]
