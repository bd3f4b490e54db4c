"""How a case that lies outside reads at the desk: one sentence, its colour, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from melder_routing.domain.outside_trouble import Trouble
from melder_routing.domain.remote_status import word_for
from melder_routing.store.outside_page import OutsideRow

TROUBLES: Mapping[str, str] = {
    Trouble.UNREACHABLE: "Die andere Stelle ist nicht erreichbar.",
    Trouble.BUSY: "Die andere Stelle ist überlastet und bittet um Geduld.",
    Trouble.KEY_REFUSED: "Die andere Stelle nimmt unseren Schlüssel nicht an.",
    Trouble.KEY_MISSING: "Bei uns fehlt die Datei mit dem Schlüssel.",
    Trouble.SERVER_ERROR: "Bei der anderen Stelle ist ein Fehler aufgetreten.",
    Trouble.REDIRECTED: "Die andere Stelle hat eine neue Adresse.",
    Trouble.UNREADABLE: "Wir verstehen die Antwort der anderen Stelle nicht.",
    Trouble.UNCLEAR: "Ob der Fall angekommen ist, wissen wir nicht: Die Antwort war unlesbar.",
    Trouble.REFUSED: "Die andere Stelle hat den Fall nicht angenommen.",
    Trouble.NO_SERVICE: "Für diese Kategorie kennt die andere Stelle keinen Dienst.",
    Trouble.PHOTO_MISSING: "Ein Foto ließ sich nicht laden.",
}

_REMEDIES: Mapping[str, str] = {
    Trouble.KEY_REFUSED: "Bitte Ihrer IT sagen: Der Schlüssel muss erneuert werden.",
    Trouble.KEY_MISSING: "Bitte Ihrer IT sagen: Die Schlüsseldatei fehlt.",
    Trouble.REDIRECTED: "Bitte Ihrer IT sagen: Die Adresse in der Regionsdatei ist veraltet.",
    Trouble.UNCLEAR: "Fragen Sie dort nach, bevor Sie noch einmal senden: Er könnte doppelt sein.",
    Trouble.REFUSED: "Berichtigen Sie Stelle, Kategorie oder Text und senden Sie noch einmal.",
    Trouble.NO_SERVICE: "Ändern Sie die Kategorie, oder bearbeiten Sie den Fall von Hand.",
}

_THEIR_WORDS = frozenset({Trouble.REFUSED, Trouble.KEY_REFUSED, Trouble.BUSY, Trouble.SERVER_ERROR})

_LEFT: Mapping[str, str] = {
    "elsewhere": "Der Fall liegt nicht mehr dort.",
    "closed": "Der Fall war abgeschlossen, bevor er weiterging. Er bleibt hier.",
    "came_from_there": "Der Fall kam von dort und geht nicht dorthin zurück.",
}


@dataclass(frozen=True, slots=True)
class OutsideView:
    """``kind`` is a KERN colour; ``facts`` are label and value; ``can_send`` offers the button."""

    name: str
    title: str
    kind: str
    icon: str
    facts: tuple[tuple[str, str | datetime], ...]
    trouble: str = ""
    remedy: str = ""
    words: str = ""
    words_label: str = ""
    next_at: datetime | None = None
    can_send: bool = False
    send_label: str = "Noch einmal senden"
    way: str = "über Open311"


def view_outside(row: OutsideRow, now: datetime) -> OutsideView:
    """The panel of one body that has the case, or is to get it."""
    if row.state is None:
        return _not_begun(row)
    under_way = row.state not in {"refused", "left"}
    error = row.error or (row.line_error if under_way else None)
    title, kind, icon = _head(row, error)
    waits = row.state == "waiting" and row.sends != "at_once" and error is None
    moments = [at for at in (row.next_at, row.paused_until) if at is not None and at > now]
    return OutsideView(
        name=row.name,
        title=title,
        kind=kind,
        icon=icon,
        facts=_facts(row),
        trouble=TROUBLES.get(error or "", ""),
        remedy=_REMEDIES.get(error or "", ""),
        words=row.error_words or "",
        words_label="Antwort von dort:" if error in _THEIR_WORDS else "Technische Angabe:",
        next_at=max(moments, default=None) if under_way and error else None,
        can_send=row.state == "refused" or waits,
        send_label="Jetzt weitergeben" if waits else "Noch einmal senden",
    )


def _not_begun(row: OutsideRow) -> OutsideView:
    return OutsideView(
        name=row.name,
        title="Noch nicht weitergegeben",
        kind="info",
        icon="info",
        facts=(),
        can_send=True,
        send_label="Jetzt weitergeben",
    )


_HEADS: Mapping[str, tuple[str, str, str]] = {
    "refused": ("Nicht angenommen", "danger", "danger"),
    "unclear": ("Unklar, ob angekommen", "danger", "danger"),
    "sent": ("Weitergegeben", "success", "check"),
    "disturbed": ("Weitergegeben, aber gestört", "warning", "warning"),
    "failing": ("Noch nicht angekommen", "warning", "warning"),
    "posting": ("Wird gerade weitergegeben", "info", "time"),
    "by_hand": ("Wartet auf Ihren Auftrag", "info", "info"),
    "after_review": ("Wartet auf die Prüfung von Text und Fotos", "info", "time"),
    "at_once": ("Wird gleich weitergegeben", "info", "time"),
}
"""Title, KERN colour and icon."""


def _head(row: OutsideRow, error: str | None) -> tuple[str, str, str]:
    if row.state == "left":
        return _LEFT.get(row.error or "elsewhere", _LEFT["elsewhere"]), "muted", "info"
    if row.state == "refused":
        return _HEADS["unclear" if error == Trouble.UNCLEAR else "refused"]
    if row.state in {"sent", "token"}:
        return _HEADS["disturbed" if error else "sent"]
    return _HEADS["failing" if error else row.sends if row.state == "waiting" else "posting"]


def _facts(row: OutsideRow) -> tuple[tuple[str, str | datetime], ...]:
    facts: list[tuple[str, str | datetime]] = []
    if row.sent_at is not None:
        number = "wird noch vergeben" if row.state == "token" else "keine"
        facts += [("Nummer dort", row.remote_id or number), ("Weitergegeben", row.sent_at)]
        facts.append(("Stand dort", word_for(row.remote_status)))
    if row.heard_at is not None:
        facts.append(("Zuletzt gehört", row.heard_at))
    return tuple(facts)
