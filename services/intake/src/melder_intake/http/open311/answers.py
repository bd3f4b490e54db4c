"""What intake knows, as GeoReport v2 documents; nothing in here that the policy hides."""

from collections.abc import Iterable, Mapping

from melder_common.event_values import Question
from melder_intake.domain.catalogue import MAIN_LANGUAGE, Catalogue, Category, in_language
from melder_intake.http.open311.documents import Document, Value

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-27T00:00:00Z"
"""When the shape of this interface last changed."""

NOTICE_ON_POST = (
    "Ihre Meldung ist angekommen. Die zuständige Stelle wird gerade ermittelt. "
    "Sie sehen den Stand unter dieser Nummer."
)
NOTICE_WITHOUT_NUMBER = "Ihre Meldung ist angekommen. Die zuständige Stelle wird gerade ermittelt."
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


def services(
    categories: Iterable[Category],
    language: str = MAIN_LANGUAGE,
    responsible: Mapping[str, str | None] | None = None,
) -> Document:
    """What can be reported; where a place was asked about, with who is ``responsible`` there."""
    rows: list[Value] = []
    for category in categories:
        row = _service(category, language)
        if responsible is not None:
            row["agency_responsible"] = responsible[category.slug]
        rows.append(row)
    return Document("services", rows)


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


def accepted(told: Mapping[str, str], *, photos_lost: int, account: str | None) -> Document:
    """The answer to a POST: final at once, neutral about who is responsible.

    ``told``: service_request_id, or token, or nothing (GeoReport v2: never both).
    """
    notice = NOTICE_ON_POST if "service_request_id" in told else NOTICE_WITHOUT_NUMBER
    notice = f"{notice} {NOTICE_PHOTOS_LOST}" if photos_lost else notice
    return Document(
        "service_requests",
        [
            {
                **told,
                "service_notice": notice,
                "account_id": account or None,
            }
        ],
    )


def _service(category: Category, language: str) -> dict[str, Value]:
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
