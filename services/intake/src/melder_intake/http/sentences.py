"""What is wrong, said so that a person knows what to do: one German sentence for each code."""

from collections.abc import Callable

from melder_intake.domain.submission import Fault

SENTENCES = {
    "category_missing": "Bitte wählen Sie aus, worum es geht.",
    "category_unknown": "Diese Kategorie gibt es nicht. Bitte wählen Sie eine aus der Liste.",
    "place_missing": "Bitte markieren Sie die Stelle auf der Karte oder geben Sie Koordinaten ein.",
    "place_zero": "Die Koordinaten 0, 0 liegen im Atlantik: Das Gerät kannte den Ort nicht.",
    "place_swapped": "Breite und Länge sind wohl vertauscht. Die Breite (lat) ist hier etwa 54, "
    "die Länge (long) etwa 12.",
    "place_outside": "Die Stelle liegt außerhalb unseres Gebiets. Ihre Meldung wurde nicht "
    "gespeichert.",
    "coordinate_not_a_number": "Das ist keine Koordinate. Bitte schreiben Sie Dezimalgrad, "
    "zum Beispiel 54.0887.",
    "coordinate_not_finite": "Das ist keine endliche Zahl. Bitte schreiben Sie Dezimalgrad, "
    "zum Beispiel 54.0887.",
    "coordinate_comma": "Bitte schreiben Sie einen Dezimalpunkt statt eines Kommas.",
    "coordinate_out_of_range": "Die Zahl ist für eine Koordinate zu groß oder zu klein.",
    "text_surrogate": "Der Text enthält ein unvollständiges Zeichen. Bitte schreiben Sie es neu.",
    "text_control": "Der Text enthält ein Steuerzeichen, das wir nicht speichern können. "
    "Bitte löschen Sie es.",
    "text_line_break": "Bitte schreiben Sie nur eine Zeile.",
    "text_too_long": "Der Text ist zu lang. Es sind höchstens {max} Zeichen möglich.",
    "text_missing": "Bitte schreiben Sie etwas.",
    "email_invalid": "Die E-Mail-Adresse stimmt nicht. Sie sieht zum Beispiel so aus: "
    "name@beispiel.de",
    "phone_invalid": "Die Telefonnummer stimmt nicht. Bitte schreiben Sie nur Ziffern, zum "
    "Beispiel 0381 1234567.",
    "asset_half": "Bitte nennen Sie Art und Nummer des Gegenstands zusammen.",
    "link_invalid": "Das ist keine Adresse im Netz. Sie beginnt mit http:// oder https://.",
    "photos_too_many": "Das sind zu viele Fotos. Es sind höchstens {max} möglich.",
    "photo_too_large": "Das Foto ist zu groß. Es darf höchstens {max} MB haben.",
    "photo_expired": "Ein Foto haben wir nicht mehr. Bitte wählen Sie es noch einmal aus.",
    "photos_full": "Gerade können wir keine Fotos annehmen. Sie können ohne Foto senden.",
    "answer_missing": "Bitte beantworten Sie die Frage „{question}“.",
    "answer_one_only": "Zu „{question}“ ist nur eine Antwort möglich.",
    "answer_unknown_choice": "Zu „{question}“ gibt es diese Antwort nicht. Möglich: {choices}.",
    "answer_not_a_number": "Zu „{question}“ fehlt eine Zahl.",
    "answer_not_a_moment": "Zu „{question}“ fehlt ein Zeitpunkt, zum Beispiel 2026-11-23T14:00.",
    "fixed_missing": "Bitte wählen Sie Ja oder Nein.",
    "not_now": "Ihre Meldung können wir gerade nicht speichern. Ihre Angaben stehen noch hier: "
    "Bitte senden Sie in einigen Minuten noch einmal.",
    "not_now_photos": "Ihre Meldung können wir gerade nicht speichern. Ihre Angaben stehen noch "
    "hier: Bitte wählen Sie die Fotos neu aus und senden Sie in einigen Minuten noch einmal.",
    "sent_already": "Sie haben dieses Formular schon einmal gesendet.",
}


def sentence(fault: Fault, say: Callable[[str], str] = str) -> str:
    """What to tell the person; ``say`` translates the sentence before it is filled in.

    Raises KeyError for a code without a sentence (a test lists all).
    """
    return say(SENTENCES[fault.code]).format_map(dict(fault.details))
