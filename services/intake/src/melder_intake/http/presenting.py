"""How a report's history reads: titles for each kind of entry, German texts as message ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from melder_common.event_values import CaseState
from melder_intake.store.public_reading import TimelineEntry
from melder_web.standard_answers import translate_answer

STATE_TITLES = {
    CaseState.RECEIVED: "Meldung eingegangen",
    CaseState.ACCEPTED: "Meldung angenommen",
    CaseState.PLANNED: "Arbeit eingeplant",
    CaseState.IN_PROGRESS: "Arbeit begonnen",
    CaseState.WAITING_FOR_REPORTER: "Rückfrage gestellt",
    CaseState.FORWARDED: "An eine andere Stelle weitergeleitet",
    CaseState.RESOLVED: "Erledigt",
    CaseState.NOT_ACTIONABLE: "Ohne Behebung abgeschlossen",
    CaseState.DUPLICATE: "War schon gemeldet",
}

FOUND, FOUND_AGAIN = "Zuständige Stelle gefunden", "Jetzt zuständig"
UNDECIDED = "Zuständigkeit wird geklärt"
HANDED_OVER = "An eine andere Stelle übergeben"
MESSAGE = "Nachricht"

PHOTO_STATES = {
    "received": "Das Foto wird gerade verarbeitet.",
    "ready": "Das Foto ist angekommen. Öffentlich wird es erst nach einer Prüfung.",
    "released": "Das Foto ist öffentlich.",
    "hidden": "Das Foto wird nicht gezeigt.",
    "deleted": "Das Foto wurde gelöscht.",
    "rejected": "Das Foto konnten wir nicht verwenden.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the timeline macro wants it."""

    at: datetime
    title: str
    text: str | None = None
    by: str | None = None


def present_history(
    entries: Sequence[TimelineEntry], say: Callable[[str], str] = str
) -> list[Line]:
    """The entries with titles, oldest first. ``say`` translates them and standard answers."""
    lines, decided = [], False
    for entry in entries:
        title = say(_title(entry, again=decided))
        text = translate_answer(entry.text, say) if entry.text else None
        lines.append(Line(entry.at, title, text, entry.body_name))
        decided = decided or _is_decided(entry)
    return lines


def _is_decided(entry: TimelineEntry) -> bool:
    return entry.kind == "routed" and (entry.data or {}).get("decision") == "decided"


def _title(entry: TimelineEntry, *, again: bool) -> str:
    match entry.kind:
        case "status" if entry.state is not None:
            return STATE_TITLES[entry.state]
        case "routed":
            return _routed_title(entry, again=again)
        case "handover":
            return HANDED_OVER
        case _:
            return MESSAGE


def _routed_title(entry: TimelineEntry, *, again: bool) -> str:
    if _is_decided(entry):
        return FOUND_AGAIN if again else FOUND
    return UNDECIDED
