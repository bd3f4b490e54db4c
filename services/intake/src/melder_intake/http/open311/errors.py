"""Errors in the format of the client: GeoReport v2 knows 404, 403 and 400."""

from fastapi import Request, Response

from melder_common.problems import Problem
from melder_intake.domain.submission import Fault
from melder_intake.http.open311.documents import Document, write
from melder_intake.http.sentences import sentence

_PARAMETERS = {
    "category": "service_code",
    "place": "lat, long",
    "address": "address_string",
    "asset": "service_object_type, service_object_id",
    "asset_id": "service_object_id",
    "asset_type": "service_object_type",
    "name": "first_name, last_name",
    "account": "account_id",
    "photo": "media",
}
_KEPT_STATUS = frozenset({400, 403, 404, 429})
_GENERAL = {
    "not-found": "Diese Adresse gibt es nicht.",
    "method-not-allowed": "Diese Adresse kennt die Methode nicht. Gelesen wird mit GET, gesendet "
    "mit POST.",
    "invalid-address": "Die Adresse enthält ein Zeichen, das nicht erlaubt ist.",
    "address-too-long": "Die Adresse ist zu lang. Bitte kürzen Sie die Anfrage.",
    "headers-too-large": "Die Kopfzeilen sind zu lang. Bitte senden Sie weniger.",
    "content-encoding-not-supported": "Bitte senden Sie den Inhalt ohne Content-Encoding.",
    "too-large": "Die Anfrage ist zu groß. Erlaubt sind {limit_bytes} Bytes.",
    "too-many-fields": "Das Formular hat zu viele Felder.",
    "request-timeout": "Der Inhalt kam nicht rechtzeitig an. Bitte senden Sie ihn noch einmal.",
    "client-disconnected": "Die Verbindung brach ab. Bitte senden Sie noch einmal.",
    "too-many-requests": "Zu viele Anfragen. Die Kopfzeile Retry-After sagt, wann es weitergeht.",
    "catalogue-missing": "Der Dienst beginnt gerade erst. Bitte versuchen Sie es gleich wieder.",
    "temporarily-unavailable": "Das geht gerade nicht. Bitte versuchen Sie es gleich wieder.",
    "unexpected": "Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es noch einmal.",
}
"""What melder_common tells programs in English, in the language of all other errors here."""


class Open311Error(Problem):
    """An error for a client of Open311. ``descriptions``: one or more sentences."""

    def __init__(self, status: int, *descriptions: str) -> None:
        super().__init__(status, "open311", detail=" ".join(descriptions))
        self.descriptions = descriptions


def error_of_faults(faults: tuple[Fault, ...], *, more: str = "") -> Open311Error:
    """All faults, each named by its parameter; 404 when the service itself is unknown."""
    status = 404 if any(fault.code == "category_unknown" for fault in faults) else 400
    told = [f"{_PARAMETERS.get(fault.field, fault.field)}: {sentence(fault)}" for fault in faults]
    if more:
        told[-1] = f"{told[-1]} {more}"
    return Open311Error(status, *told)


def render_error(request: Request, problem: Problem) -> Response:
    """Any problem below ``/open311`` as an errors document, XML unless the address says JSON."""
    form = "json" if request.url.path.endswith(".json") else "xml"
    status = _status(problem.status)
    told = problem.descriptions if isinstance(problem, Open311Error) else (_told(problem),)
    errors = [{"code": str(status), "description": text} for text in told]
    response = write(Document("errors", errors), form, status=status)
    for name in ("Retry-After", "Connection"):
        if problem.headers and name in problem.headers:
            response.headers[name] = problem.headers[name]
    return response


def _status(status: int) -> int:
    if status in _KEPT_STATUS or status >= 500:
        return status
    return 403 if status == 401 else 400


def _told(problem: Problem) -> str:
    told = _GENERAL.get(problem.type_slug)
    return told.format(**problem.members) if told else str(problem.detail or problem.title)
