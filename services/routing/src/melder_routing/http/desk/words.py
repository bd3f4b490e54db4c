"""The desk's German words for what the domain calls by codes (message ids for translators)."""

from collections.abc import Mapping
from typing import Any

from melder_common.event_values import CaseState
from melder_routing.domain.closing_reasons import CLOSING_REASONS
from melder_routing.domain.decision import Rule, Status
from melder_routing.domain.history import MOVES, HistoryKind
from melder_routing.domain.remote_status import word_for
from melder_routing.domain.states import STATES
from melder_routing.http.desk.outside_words import TROUBLES

RULES: dict[str, str] = {
    Rule.ASSET: "der Betreiber des gemeldeten Gegenstands",
    Rule.AGREEMENT: "eine Vereinbarung für diesen Grenzabschnitt",
    Rule.ROAD: "die Straßenklasse",
    Rule.OWN_AREA: "eine Zuständigkeit mit eigenem Gebiet",
    Rule.CATEGORY: "die Zuständigkeit für diese Kategorie",
    Rule.DEFAULT: "das kleinste Gebiet, in dem der Ort liegt",
    Rule.CLEARING: "niemand eindeutig, daher die Klärungsstelle",
    Rule.TAKEN_OVER: "die Nachbarstelle, die den Grenzfall übernommen hat",
}

STATUSES: dict[str, str] = {
    Status.DECIDED: "Entschieden",
    Status.AMBIGUOUS: "Mehrere kommen in Frage",
    Status.UNSERVED: "Niemand gefunden",
}

HISTORY: dict[str, str] = {
    HistoryKind.OPENED: "Fall angelegt",
    HistoryKind.STATE: "Zustand geändert",
    HistoryKind.RELOCATED: "Stelle auf der Karte verschoben",
    HistoryKind.RECATEGORISED: "Kategorie geändert",
    HistoryKind.REROUTED: "Zuständigkeit neu bestimmt",
    HistoryKind.TAKEN_OVER: "Vom Nachbarn übernommen",
    HistoryKind.SUCCEEDED: "An die Rechtsnachfolgerin übergegangen",
    HistoryKind.CLAIMED: "Fall übernommen",
    HistoryKind.GIVEN_BACK: "Fall zurückgegeben",
    HistoryKind.MESSAGE: "Nachricht an die meldende Person",
    HistoryKind.TEXT_RELEASED: "Text veröffentlicht",
    HistoryKind.TEXT_REDACTED: "Text gekürzt veröffentlicht",
    HistoryKind.TEXT_HIDDEN: "Text nicht öffentlich",
    HistoryKind.PHOTO_RELEASE_ASKED: "Foto freigegeben",
    HistoryKind.PHOTO_HIDE_ASKED: "Foto gesperrt",
    HistoryKind.PHOTO_READY: "Foto eingetroffen",
    HistoryKind.PHOTO_REJECTED: "Foto nicht verwendbar",
    HistoryKind.PHOTO_RELEASED: "Foto ist öffentlich",
    HistoryKind.PHOTO_REDACTED: "Foto ist nicht öffentlich",
    HistoryKind.PHOTO_DELETED: "Foto gelöscht",
    HistoryKind.COMMENT: "Nachricht der meldenden Person",
    HistoryKind.FEEDBACK: "Rückmeldung zum Ergebnis",
    HistoryKind.REOPEN_REQUESTED: "Wunsch, den Fall wieder zu öffnen",
    HistoryKind.SUPPORTED: "Weitere Personen haben es auch gesehen",
    HistoryKind.TRACKING_OPENED: "Statusseite zum ersten Mal geöffnet",
    HistoryKind.CONTACT_CONFIRMED: "Adresse bestätigt",
    HistoryKind.CONTACT_ERASED: "Kontaktdaten gelöscht",
    HistoryKind.ERASED: "Persönliche Angaben gelöscht",
    HistoryKind.SENT_OUTSIDE: "Über Open311 weitergegeben",
    HistoryKind.NUMBERED_OUTSIDE: "Nummer der anderen Stelle erhalten",
    HistoryKind.REFUSED_OUTSIDE: "Von der anderen Stelle nicht angenommen",
    HistoryKind.HEARD_OUTSIDE: "Rückmeldung der anderen Stelle",
    HistoryKind.ASKED_OUTSIDE: "Weitergabe angestoßen",
    HistoryKind.LINK_ISSUED: "E-Mail mit Link zum Fall beauftragt",
    HistoryKind.LINK_SENT: "E-Mail mit Link zum Fall versandt",
    HistoryKind.LINK_FAILED: "E-Mail mit Link zum Fall nicht zustellbar",
    HistoryKind.LINK_UNANSWERED: "Trotz Erinnerung keine Antwort",
}

PHOTO_STATES: dict[str, tuple[str, str]] = {
    "expected": ("wird verarbeitet", "muted"),
    "ready": ("zu prüfen", "warning"),
    "release_asked": ("wird veröffentlicht", "info"),
    "released": ("öffentlich", "success"),
    "hide_asked": ("wird gesperrt", "info"),
    "hidden": ("nicht öffentlich", "muted"),
    "rejected": ("nicht verwendbar", "danger"),
    "deleted": ("gelöscht", "muted"),
}
"""Words and KERN kind of a photo's state."""

MAIL_KINDS: dict[str, str] = {
    "receipt": "Eingangsbestätigung",
    "question": "Rückfrage",
    "status": "Stand der Bearbeitung",
    "closing": "Abschluss",
    "confirmation": "Bitte um Bestätigung der Adresse",
    "case_link": "Link zum Fall an die bearbeitende Stelle",
}

CHANNELS: dict[str, str] = {
    "email": "E-Mail",
    "phone": "Telefon",
    "push": "Push-Nachricht",
    "webhook": "Webhook",
}

MESSAGE_KINDS: dict[str, str] = {
    "question": "Rückfrage",
    "answer": "Nachricht",
    "note": "Hinweis",
    "status": "Mitteilung",
    "comment": "Nachricht der meldenden Person",
    "feedback": "Rückmeldung zum Ergebnis",
    "reopen": "Wunsch, den Fall wieder zu öffnen",
    "hand_over": "Grund der Übergabe",
}

SOURCES: dict[str, str] = {"web": "Webformular", "open311": "App (Open311)", "phone": "Telefon"}

REFUSALS: dict[str, str] = {
    "not_allowed": "Dieser Schritt ist im jetzigen Zustand nicht möglich.",
    "message_missing": "Bitte schreiben Sie einen Text: Die Öffentlichkeit soll ihn lesen.",
    "message_or_reason_missing": "Bitte wählen Sie einen Grund oder schreiben Sie einen Text.",
    "nobody_to_ask": "Eine Rückfrage würde hier niemanden erreichen.",
    "taken": "Der Fall ist schon in anderen Händen.",
    "not_yours": "Diesen Fall haben Sie nicht übernommen.",
    "closed": "Der Fall ist abgeschlossen.",
    "never_public": "In dieser Kategorie wird das nie veröffentlicht.",
    "too_late": "Die Frist zur Übernahme ist vorbei, oder jemand war schneller.",
    "same_category": "Der Fall hat diese Kategorie schon.",
    "not_reached": "Diese Stelle wird weder über Open311 noch mit einem Link erreicht.",
    "not_offered": "Das lässt sich im jetzigen Zustand nicht sagen.",
    "no_photo": "Das Foto ist nicht mehr da oder noch nicht fertig.",
}

DONE: dict[str, str] = {
    "accept": "Der Fall ist angenommen.",
    "claim": "Sie haben den Fall übernommen.",
    "release-claim": "Der Fall liegt wieder im Korb.",
    "status": "Der Zustand ist geändert.",
    "question": "Die Rückfrage ist gestellt.",
    "message": "Die Nachricht ist gesendet.",
    "close": "Der Fall ist abgeschlossen.",
    "text": "Der Text ist veröffentlicht.",
    "hide-text": "Der Text ist nicht öffentlich.",
    "send-outside": "Der Fall wird jetzt weitergegeben.",
    "release-photo": "Das Foto wird veröffentlicht.",
    "hide-photo": "Das Foto ist gesperrt.",
    "place": "Die Stelle ist verschoben.",
    "category": "Die Kategorie ist geändert.",
    "moved": "Der Fall liegt jetzt bei der Stelle, die dort zuständig ist.",
}
"""What an action says afterwards, by its code in the address."""


def history_detail(kind: str, codes: Mapping[str, Any], bodies: Mapping[str, str]) -> str:
    """What a line of history adds to its title: states, reasons, who if it was no clerk.

    ``bodies``: names by slug; a body without a name there keeps its slug.
    """
    parts: list[str] = []
    if kind == HistoryKind.STATE:
        parts.append(f"{_state(codes.get('from'))} → {_state(codes.get('to'))}")
    if reason := CLOSING_REASONS.get(str(codes.get("reason", ""))):
        parts.append(reason.label)
    parts += [_DETAILS[pair] for pair in codes.items() if pair in _DETAILS]
    if kind == HistoryKind.HEARD_OUTSIDE:
        parts.append(word_for(codes.get("status")))
    if "number" in codes:
        parts.append(f"Nummer {codes['number']}")
    if "error" in codes:
        parts.append(TROUBLES.get(str(codes["error"]), ""))
    if kind == HistoryKind.SUPPORTED:
        parts.append(str(codes.get("supporters", "")))
    if kind in MOVES:
        former, latter = (str(codes.get(end)) for end in ("from", "to"))
        parts.append(f"{bodies.get(former, former)} → {bodies.get(latter, latter)}")
    if kind == HistoryKind.OPENED:
        parts.append(f"Entschieden durch {RULES.get(str(codes.get('rule')), '')}")
    return ", ".join(parts)


_DETAILS: dict[tuple[str, Any], str] = {
    ("by", "reporter"): "durch die meldende Person",
    ("by", "timer"): "Frist abgelaufen",
    ("by", "open311"): "über Open311",
    ("by", "link"): "über den Link zum Fall",
    ("occasion", "reminder"): "Erinnerung",
    ("occasion", "reopened"): "wieder geöffnet",
    ("occasion", "again"): "noch einmal",
    ("by", "routing"): "in anderen Händen noch nicht angenommen",
    ("policy", "at_once"): "sofort nach der Regel der Kategorie",
    ("fixed", "yes"): "Ja, es ist behoben",
    ("fixed", "no"): "Nein, es ist nicht behoben",
    ("granted", "yes"): "wieder geöffnet",
    ("granted", "no"): "als Hinweis vermerkt",
}


def _state(code: object) -> str:
    return STATES[CaseState(str(code))].desk if code in set(CaseState) else "?"
