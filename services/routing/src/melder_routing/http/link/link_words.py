"""German words of the page behind a link (message ids for translators)."""

from collections.abc import Mapping


def _(german: str) -> str:
    """Marks a sentence for the translators; it is looked up where it is shown."""
    return german


ANSWERS: Mapping[str, tuple[str, str]] = {
    "accept": (_("Wir kümmern uns darum"), ""),
    "planned": (_("Die Arbeit ist eingeplant"), _("Wenn Sie mögen: für wann?")),
    "working": (_("Wir arbeiten daran"), ""),
    "done": (_("Erledigt"), _("Wenn Sie mögen: was wurde gemacht?")),
    "not-possible": (_("Wir können hier nichts tun"), _("Bitte nennen Sie den Grund.")),
    "not-ours": (
        _("Wir sind nicht zuständig"),
        _("Bitte nennen Sie den Grund. Der Fall geht zurück, und dieser Link endet."),
    ),
    "note": (_("Nur eine Nachricht"), ""),
}
"""What can be chosen, and a hint for it."""

THANKS: Mapping[str, str] = {
    "accept": _("Danke. Wir haben vermerkt, dass Sie sich kümmern."),
    "planned": _("Danke. Die Arbeit steht jetzt als eingeplant da."),
    "working": _("Danke. Wir haben vermerkt, dass Sie daran arbeiten."),
    "done": _("Danke. Der Fall ist abgeschlossen."),
    "not-possible": _("Danke. Der Fall ist abgeschlossen."),
    "note": _("Danke. Ihre Nachricht ist angekommen."),
}

ENDED: Mapping[str, tuple[str, str]] = {
    "elsewhere": (
        _("Dieser Fall liegt nicht mehr bei Ihnen"),
        _("Eine andere Stelle kümmert sich jetzt darum. Sie müssen nichts mehr tun."),
    ),
    "declined": (
        _("Danke für Ihre Antwort"),
        _(
            "Sie haben uns gesagt, dass Sie nicht zuständig sind. Wir klären, wer es ist. "
            "Sie müssen nichts mehr tun."
        ),
    ),
    "closed": (
        _("Dieser Fall ist abgeschlossen"),
        _("Er ist schon länger abgeschlossen. Sie müssen nichts mehr tun."),
    ),
    "erased": (
        _("Dieser Fall ist abgeschlossen"),
        _("Seine Angaben sind gelöscht. Sie müssen nichts mehr tun."),
    ),
    "replaced": (
        _("Es gibt einen neueren Link"),
        _(
            "Wir haben Ihnen danach noch eine E-Mail zu diesem Fall geschickt. "
            "Bitte nehmen Sie den Link aus der neuesten E-Mail."
        ),
    ),
}
"""Heading and text of a link that was right once."""

CHOICE_MISSING = _("Bitte wählen Sie eine Antwort.")
TEXT_MISSING = _("Bitte schreiben Sie einen Text dazu.")
NOT_OFFERED = _(
    "Das lässt sich im jetzigen Zustand nicht sagen. Die Seite zeigt den neuesten Stand."
)
