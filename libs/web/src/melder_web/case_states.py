"""How the states of a case look and read, the same for citizens and clerks."""

from dataclasses import dataclass

from melder_common.event_values import CaseState


@dataclass(frozen=True)
class StateBadge:
    """German text (a message id), KERN kind (info, success, warning, danger, muted), icon."""

    text: str
    kind: str
    icon: str


STATE_BADGES: dict[str, StateBadge] = {
    CaseState.RECEIVED: StateBadge("Eingegangen", "muted", "mail"),
    CaseState.ACCEPTED: StateBadge("Angenommen", "info", "check"),
    CaseState.PLANNED: StateBadge("Eingeplant", "info", "calendar-today"),
    CaseState.IN_PROGRESS: StateBadge("In Arbeit", "info", "autorenew"),
    CaseState.WAITING_FOR_REPORTER: StateBadge("Rückfrage offen", "warning", "help"),
    CaseState.FORWARDED: StateBadge("Weitergeleitet", "info", "arrow-forward"),
    CaseState.RESOLVED: StateBadge("Erledigt", "success", "success"),
    CaseState.NOT_ACTIONABLE: StateBadge("Nicht umsetzbar", "muted", "close"),
    CaseState.DUPLICATE: StateBadge("Bereits gemeldet", "muted", "content-copy"),
}
