"""What bodies answer in the system's own words: German sentences that pages say in any language.

They come in events as finished German text, because people may write their own; a contract test
holds them against what routing says.
"""

import re
from collections.abc import Callable

STANDARD_ANSWERS = (
    "Der Mangel ist behoben. Vielen Dank für Ihren Hinweis.",
    "Wir waren vor Ort. Der Mangel ist nicht mehr vorhanden.",
    "Der Mangel wurde von einer anderen Stelle behoben.",
    "Die Stelle liegt auf privatem Grund. Dort dürfen wir nicht tätig werden.",
    "Wir haben die Stelle geprüft. Es besteht kein Mangel, den wir beheben müssen.",
    "Der Mangel kann in absehbarer Zeit nicht behoben werden.",
    "Die Angaben reichen nicht aus, um die Stelle oder den Mangel zu finden.",
    "Die Meldung enthält keinen Mangel im öffentlichen Raum.",
    "Dieser Mangel ist uns schon bekannt. Wir bearbeiten ihn unter einer anderen Nummer.",
    "Ihre Meldung liegt jetzt bei: {body}. Dort hat sie die Nummer {number}.",
    "Ihre Meldung liegt jetzt bei: {body}.",
    "{body} hat den Mangel behoben.",
    "{body} hat die Meldung abgeschlossen.",
    "{body} hat die Meldung geprüft und unternimmt nichts weiter.",
    "{body} ist nach eigener Prüfung nicht zuständig. Wir klären, wer zuständig ist.",
    "{body} bearbeitet die Meldung wieder.",
    "{body} kümmert sich darum.",
    "{body} hat die Arbeit eingeplant.",
    "{body} arbeitet daran.",
)
"""Message ids; where two fit, the one that says more stands first."""


def translate_answer(text: str, say: Callable[[str], str]) -> str:
    """``text`` in the language of ``say`` if it is one of ours, else as somebody wrote it."""
    for answer, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return say(answer).format(**found.groupdict())
    return text


def _pattern(answer: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^\n]{1,200})", re.escape(answer)))


_PATTERNS = tuple((answer, _pattern(answer)) for answer in STANDARD_ANSWERS)
