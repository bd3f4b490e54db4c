"""What leaves for an Open311 endpoint, field by field: nothing that is not released.

The receiver gets the place, because it has to go there; text and photos only as they were
released; answers only where nobody can have written into them. Never a name, an address, a phone
number or what a client calls its account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from melder_common.event_values import Place, PublicationPolicy
from melder_common.text import mask_personal_data
from melder_routing.domain.open311_checks import WRITTEN
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.outside import News, OutsideCase, Post

LONGEST = 4000
"""Characters of a description (GeoReport v2)."""

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST: where to, its fields in order, photos to be sent as files, its idempotency key."""

    path: str
    fields: Fields
    photos: tuple[UUID, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Sender:
    """How this installation calls itself, and where its public pages are."""

    name: str
    origin: str


class NoService(LookupError):
    """The region file maps this category to no service of the other side."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The parts of a case that a POST is made of; ``text`` is the released one."""

    number: str
    category: str
    category_name: str
    place: Place
    policy: PublicationPolicy
    hazard: bool
    text: str | None
    answers: Mapping[str, tuple[str, ...]]
    datatypes: Mapping[str, str]


def write_request(
    outside: OutsideCase, entry: Open311Entry, post: Post, contents: Contents, sender: Sender
) -> Letter:
    """POST requests of GeoReport v2. Raises NoService."""
    service = entry.service_for(contents.category)
    if service is None:
        raise NoService(contents.category)
    text = contents.text if post.with_text else None
    fields = [
        ("service_code", service.code),
        ("lat", _degrees(contents.place.lat)),
        ("long", _degrees(contents.place.long)),
        ("description", _description(contents, text, sender)),
    ]
    if contents.place.address and contents.policy.place == "at_once":
        fields.append(("address_string", mask_personal_data(contents.place.address)))
    for code, values in entry.attributes_for(service, _safe_answers(contents)).items():
        name = f"attribute[{code}]" if len(values) == 1 else f"attribute[{code}][]"
        fields += [(name, value) for value in values]
    files = post.photos if entry.photos == "files" else ()
    if entry.photos == "links":
        fields += [("media_url", photo_url(sender, photo)) for photo in post.photos]
    return Letter("requests", _addressed(entry, fields), files, str(outside.id))


def write_update(
    outside: OutsideCase, entry: Open311Entry, news: News, sender: Sender, said_at: datetime
) -> Letter:
    """POST servicerequestupdates, as mySociety's servers take it."""
    fields = [
        ("service_request_id", outside.remote_id or ""),
        ("update_id", news.update_id(outside.id)),
        ("updated_datetime", said_at.astimezone(UTC).isoformat(timespec="seconds")),
        ("status", news.status),
        ("description", news.text[:LONGEST]),
        ("first_name", sender.name),
        ("last_name", "-"),
    ]
    files = (news.photo,) if news.photo and entry.photos == "files" else ()
    if news.photo and entry.photos == "links":
        fields.append(("media_url", photo_url(sender, news.photo)))
    key = news.update_id(outside.id)
    return Letter("servicerequestupdates", _addressed(entry, fields), files, key)


def photo_url(sender: Sender, photo_id: UUID) -> str:
    """Where everybody may look at a released photo."""
    return f"{sender.origin}/photos/{photo_id}/full.jpg"


def _addressed(entry: Open311Entry, fields: list[tuple[str, str]]) -> Fields:
    ahead = [("jurisdiction_id", entry.jurisdiction_id)] if entry.jurisdiction_id else []
    return (*ahead, *fields)


def _degrees(value: float) -> str:
    return f"{value:.6f}"


def _safe_answers(contents: Contents) -> dict[str, tuple[str, ...]]:
    """Answers by choice, number or date: what people wrote themselves has nobody reviewed."""
    return {
        code: values
        for code, values in contents.answers.items()
        if contents.datatypes.get(code, "text") not in WRITTEN
    }


def _description(contents: Contents, text: str | None, sender: Sender) -> str:
    hazard = "Gefahr: Die meldende Person hält die Stelle für gefährlich.\n\n"
    link = (
        f"\n\nNummer {contents.number} bei {sender.name}: "
        f"{sender.origin}/meldungen/{contents.number}"
    )
    body = (hazard if contents.hazard else "") + (text or _without_text(contents))
    room = LONGEST - len(link)
    return (body if len(body) <= room else body[: room - 1] + "…") + link


def _without_text(contents: Contents) -> str:
    if contents.policy.text == "never":
        return f"{contents.category_name}. Der Text dieser Meldung wird nicht weitergegeben."
    return f"{contents.category_name}. Der Text der Meldung wird noch geprüft und folgt."
