"""How a case whose body gets a link reads at the desk: one sentence, its colour, what helps."""

from collections.abc import Mapping
from datetime import datetime

from melder_routing.domain.case_link import SILENT
from melder_routing.domain.remote_status import word_for
from melder_routing.http.desk.outside_words import OutsideView
from melder_routing.store.links_on_page import LinkRow

WAY = "mit einem Link per E-Mail"

_HEADS: Mapping[str, tuple[str, str, str]] = {
    "by_hand": ("Wartet auf Ihren Auftrag", "info", "info"),
    "after_review": ("Wartet auf die Prüfung von Text und Fotos", "info", "time"),
    "at_once": ("E-Mail wird gleich versandt", "info", "time"),
    "issued": ("E-Mail ist unterwegs", "info", "time"),
    "sent": ("E-Mail versandt, noch keine Antwort", "info", "time"),
    "answered": ("Hat geantwortet", "success", "check"),
    "silent": ("Antwortet nicht", "warning", "warning"),
    "failed": ("E-Mail kommt nicht an", "danger", "danger"),
    "declined": ("Ist nach eigener Auskunft nicht zuständig", "warning", "warning"),
    "left": ("Der Fall liegt nicht mehr dort. Der Link gilt nicht mehr.", "muted", "info"),
}
"""Title, KERN colour and icon."""

_FAILED = "Die E-Mail an {name} kommt nicht an."
_ASK_IT = "Bitte Ihrer IT sagen: Die Adresse in der Regionsdatei prüfen. Danach neu senden."
_SERVER = "Der Mailserver war zu lange nicht erreichbar. Senden Sie noch einmal."


def view_link_row(row: LinkRow) -> OutsideView:
    """The panel of one body that has a link to the case, or is to get one."""
    title, kind, icon = _head(row)
    trouble, remedy = _trouble(row)
    return OutsideView(
        name=row.name,
        way=WAY,
        title=title,
        kind=kind,
        icon=icon,
        facts=_facts(row),
        trouble=trouble,
        remedy=remedy,
        can_send=row.state != "left",
        send_label=_label(row),
    )


def _head(row: LinkRow) -> tuple[str, str, str]:
    if row.state is None:
        return "Noch nicht weitergegeben", "info", "info"
    if row.state == "waiting":
        return _HEADS[row.send if row.send in _HEADS else "at_once"]
    if row.state == "sent" and row.error == SILENT:
        return _HEADS["silent"]
    if row.state in {"sent", "issued"} and row.answered_at is not None:
        return _HEADS["answered"]
    return _HEADS[row.state]


def _trouble(row: LinkRow) -> tuple[str, str]:
    if row.state == "failed":
        given_up = (row.error or "").startswith("given_up")
        return _FAILED.format(name=row.name), _SERVER if given_up else _ASK_IT
    if row.state == "sent" and row.error == SILENT:
        return "Auch nach Erinnerungen kam keine Antwort.", "Rufen Sie dort am besten an."
    if row.state == "declined":
        return (
            "Den Grund lesen Sie bei den Nachrichten.",
            "Geben Sie den Fall an die richtige Stelle.",
        )
    return "", ""


def _label(row: LinkRow) -> str:
    if row.state is None or (row.state == "waiting" and row.issued_at is None):
        return "Jetzt senden"
    return "Link erneuern und neu senden"


def _facts(row: LinkRow) -> tuple[tuple[str, str | datetime], ...]:
    facts: list[tuple[str, str | datetime]] = []
    if row.sent_at is not None:
        facts.append(("E-Mail versandt", row.sent_at))
    if row.reminders and row.issued_at is not None:
        facts.append(("Zuletzt erinnert", row.issued_at))
    if row.answered_at is not None:
        facts.append(("Zuletzt gehört", row.answered_at))
    if row.answer is not None:
        facts.append(("Stand dort", word_for(row.answer)))
    return tuple(facts)
