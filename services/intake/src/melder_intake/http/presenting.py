"""How a report's history reads: titles for each kind of entry, German texts as message ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from melder_common.event_values import CaseState
from melder_intake.store.public_reading import TimelineEntry

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


def present_history(entries: Sequence[TimelineEntry]) -> list[Line]:
    """The entries with titles, oldest first."""
    lines, decided = [], False
    for entry in entries:
        lines.append(_line(entry, again=decided))
        decided = decided or _is_decided(entry)
    return lines


def _is_decided(entry: TimelineEntry) -> bool:
    return entry.kind == "routed" and (entry.data or {}).get("decision") == "decided"


def _line(entry: TimelineEntry, *, again: bool) -> Line:
    match entry.kind:
        case "status" if entry.state is not None:
            return Line(entry.at, STATE_TITLES[entry.state], entry.text, entry.body_name)
        case "routed":
            return Line(entry.at, _routed_title(entry, again=again), entry.text, entry.body_name)
        case "handover":
            return Line(entry.at, "An eine andere Stelle übergeben", entry.text, entry.body_name)
        case _:
            return Line(entry.at, "Nachricht", entry.text, entry.body_name)


def _routed_title(entry: TimelineEntry, *, again: bool) -> str:
    if _is_decided(entry):
        return "Jetzt zuständig" if again else "Zuständige Stelle gefunden"
    return "Zuständigkeit wird geklärt"
