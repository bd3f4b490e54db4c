"""How a history reads to the public."""

from datetime import UTC, datetime

from melder_common.event_values import CaseState
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


def test_titles_and_standard_answers_are_translated_and_free_words_are_not() -> None:
    english = {"Erledigt": "Resolved", "{body} hat den Mangel behoben.": "{body} has fixed it."}
    done = TimelineEntry(
        NOON, "status", state=CaseState.RESOLVED, text="Süd hat den Mangel behoben."
    )
    said = TimelineEntry(NOON, "status", state=CaseState.RESOLVED, text="Heute gefüllt.")
    silent = TimelineEntry(NOON, "status", state=CaseState.RESOLVED)
    lines = present_history([done, said, silent], lambda text: english.get(text, text))
    assert [(line.title, line.text) for line in lines] == [
        ("Resolved", "Süd has fixed it."),
        ("Resolved", "Heute gefüllt."),
        ("Resolved", None),
    ]
