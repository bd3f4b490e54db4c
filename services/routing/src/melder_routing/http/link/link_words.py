"""German words of the page behind a link (message ids for translators)."""

from collections.abc import Mapping

ANSWERS: Mapping[str, tuple[str, str]] = {
    "accept": ("Wir kümmern uns darum", ""),
    "planned": ("Die Arbeit ist eingeplant", "Wenn Sie mögen: für wann?"),
    "working": ("Wir arbeiten daran", ""),
    "done": ("Erledigt", "Wenn Sie mögen: was wurde gemacht?"),
    "not-possible": ("Wir können hier nichts tun", "Bitte nennen Sie den Grund."),
    "not-ours": (
        "Wir sind nicht zuständig",
        "Bitte nennen Sie den Grund. Der Fall geht zurück, und dieser Link endet.",
    ),
    "note": ("Nur eine Nachricht", ""),
}
"""What can be chosen, and a hint for it."""

THANKS: Mapping[str, str] = {
    "accept": "Danke. Wir haben vermerkt, dass Sie sich kümmern.",
    "planned": "Danke. Die Arbeit steht jetzt als eingeplant da.",
    "working": "Danke. Wir haben vermerkt, dass Sie daran arbeiten.",
    "done": "Danke. Der Fall ist abgeschlossen.",
    "not-possible": "Danke. Der Fall ist abgeschlossen.",
    "note": "Danke. Ihre Nachricht ist angekommen.",
}

ENDED: Mapping[str, tuple[str, str]] = {
    "elsewhere": (
        "Dieser Fall liegt nicht mehr bei Ihnen",
        "Eine andere Stelle kümmert sich jetzt darum. Sie müssen nichts mehr tun.",
    ),
    "declined": (
        "Danke für Ihre Antwort",
        (
            "Sie haben uns gesagt, dass Sie nicht zuständig sind. Wir klären, wer es ist. "
            "Sie müssen nichts mehr tun."
        ),
    ),
    "closed": (
        "Dieser Fall ist abgeschlossen",
        "Er ist schon länger abgeschlossen. Sie müssen nichts mehr tun.",
    ),
    "erased": (
        "Dieser Fall ist abgeschlossen",
        "Seine Angaben sind gelöscht. Sie müssen nichts mehr tun.",
    ),
    "replaced": (
        "Es gibt einen neueren Link",
        (
            "Wir haben Ihnen danach noch eine E-Mail zu diesem Fall geschickt. "
            "Bitte nehmen Sie den Link aus der neuesten E-Mail."
        ),
    ),
}
"""Heading and text of a link that was right once."""

CHOICE_MISSING = "Bitte wählen Sie eine Antwort."
TEXT_MISSING = "Bitte schreiben Sie einen Text dazu."
NOT_OFFERED = "Das lässt sich im jetzigen Zustand nicht sagen. Die Seite zeigt den neuesten Stand."
