"""What intake knows, as GeoReport v2 documents; nothing in here that the policy hides."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from melder_common.event_values import Question
from melder_intake.domain.catalogue import MAIN_LANGUAGE, Catalogue, Category, in_language
from melder_intake.domain.publication import PublicReport
from melder_intake.http.open311_documents import Document, Value

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-01T00:00:00Z"
"""When the shape of this interface last changed."""

NOTICE_ON_POST = (
    "Ihre Meldung ist angekommen. Die zuständige Stelle wird gerade ermittelt. "
    "Sie sehen den Stand unter dieser Nummer."
)
NOTICE_UNDECIDED = "Die zuständige Stelle wird gerade ermittelt."
NOTICE_PHOTOS_LOST = "Ein Foto konnte nicht gespeichert werden. Die Meldung ist angekommen."


def discovery(catalogue: Catalogue, origin: str, test_url: str | None) -> Document:
    """Where this interface is. Old parsers expect at least two endpoints."""
    production = f"{origin}/open311/v2"
    endpoints: list[Value] = [
        {
            "specification": SPECIFICATION,
            "url": url,
            "changeset": CHANGESET,
            "type": kind,
            "formats": ["text/xml", "application/json"],
        }
        for kind, url in (("production", production), ("test", test_url or production))
    ]
    contact = in_language(catalogue.contact) or catalogue.name
    return Document(
        "discovery",
        {
            "changeset": CHANGESET,
            "contact": contact,
            "key_service": f"Einen API-Schlüssel vergibt der Betreiber: {contact}",
            "endpoints": endpoints,
        },
    )


def services(categories: Iterable[Category], language: str = MAIN_LANGUAGE) -> Document:
    """What can be reported."""
    return Document("services", [_service(category, language) for category in categories])


def service_definition(category: Category, language: str = MAIN_LANGUAGE) -> Document:
    """A category's questions; without questions an empty list."""
    return Document(
        "service_definition",
        {
            "service_code": category.slug,
            "attributes": [
                _attribute(question, order, language)
                for order, question in enumerate(category.questions, start=1)
            ],
        },
    )


def accepted(number: str, *, blackbox: bool, photos_lost: int, account: str | None) -> Document:
    """The answer to a POST: final at once, neutral about who is responsible."""
    notice = f"{NOTICE_ON_POST} {NOTICE_PHOTOS_LOST}" if photos_lost else NOTICE_ON_POST
    return Document(
        "service_requests",
        [
            {
                "service_request_id": None if blackbox else number,
                "service_notice": notice,
                "account_id": account or None,
            }
        ],
    )


def requests(
    reports: Iterable[PublicReport],
    catalogue: Catalogue,
    words: Mapping[str, str],
    origin: str,
) -> Document:
    """Reports as the public may see them. ``words``: the body's latest word by number."""
    return Document(
        "service_requests",
        [_request(report, catalogue, words.get(report.number), origin) for report in reports],
    )


def _service(category: Category, language: str) -> Value:
    return {
        "service_code": category.slug,
        "service_name": in_language(category.name, language),
        "description": in_language(category.description, language) or None,
        "metadata": bool(category.questions),
        "type": category.type,
        "keywords": ",".join(category.keywords) or None,
        "group": in_language(category.group, language) or None,
    }


def _attribute(question: Question, order: int, language: str) -> Value:
    return {
        "variable": question.variable,
        "code": question.code,
        "datatype": question.datatype,
        "required": question.required,
        "datatype_description": in_language(question.hint, language) or None,
        "order": order,
        "description": in_language(question.text, language),
        "values": [
            {"key": choice.key, "name": in_language(choice.name, language)}
            for choice in question.choices
        ],
    }


def _request(report: PublicReport, catalogue: Catalogue, words: str | None, origin: str) -> Value:
    place = report.place
    photo = report.photos[0].photo_id if report.photos else None
    expected = None
    if report.usual_days is not None and not report.closed:
        expected = report.submitted_at + timedelta(days=report.usual_days)
    return {
        "service_request_id": report.number,
        "status": "closed" if report.closed else "open",
        "status_notes": words,
        "service_name": catalogue.category_name(report.category),
        "service_code": report.category,
        "description": report.text,
        "agency_responsible": report.responsible.name if report.responsible else None,
        "service_notice": _notice(report),
        "requested_datetime": report.submitted_at,
        "updated_datetime": report.updated_at,
        "expected_datetime": expected,
        "address": place.address if place else None,
        "address_id": None,
        "zipcode": None,
        "lat": place.lat if place else None,
        "long": place.long if place else None,
        "media_url": f"{origin}/photos/{photo}/full.jpg" if photo else None,
    }


def _notice(report: PublicReport) -> str:
    if reason := in_language(report.reason):
        return reason
    if report.responsible:
        return f"Zuständig ist {report.responsible.name}."
    return NOTICE_UNDECIDED
