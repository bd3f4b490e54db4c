"""What clients of Open311 send, in all the spellings they use."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_common.numbers import normalise_number
from melder_intake.domain.answers import gather_answers
from melder_intake.domain.api_client import ApiClient
from melder_intake.domain.checking import RawReport
from melder_intake.domain.submission import PhotoFile
from melder_intake.http.form_bodies import (
    MULTIPART,
    URL_ENCODED,
    content_type_of,
    read_form_body,
)
from melder_intake.http.open311_errors import Open311Error
from melder_intake.store.public_reading import Wanted

MOST_REQUESTS = 1000
WINDOW = timedelta(days=90)
KEY_HEADERS = ("x-api-key", "api-key")

_OPEN_STATES = frozenset(CaseState) - CLOSED_STATES
_ZONE_WITH_SPACE = re.compile(r" (\d\d:?\d\d)$")


@dataclass(frozen=True)
class Posted:
    """A form and the query beside it; the form wins. Empty parameters are absent."""

    fields: dict[str, list[str]]
    files: tuple[PhotoFile, ...]

    def one(self, *names: str) -> str:
        """The first value given under any of ``names``."""
        for name in names:
            for value in self.fields.get(name, ()):
                if value.strip():
                    return value
        return ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value given under ``name`` or ``name[]``."""
        values = [*self.fields.get(name, ()), *self.fields.get(f"{name}[]", ())]
        return tuple(value for value in values if value.strip())

    def pairs(self) -> Iterable[tuple[str, str]]:
        """All fields in the order sent."""
        return ((name, value) for name, values in self.fields.items() for value in values)


async def read_post(request: Request) -> Posted:
    """The posted form with its files. Raises Open311Error for bodies that are no form."""
    kind = content_type_of(request)
    if kind and kind not in {URL_ENCODED, MULTIPART}:
        raise Open311Error(400, f"Content-Type: erwartet wird {URL_ENCODED} oder {MULTIPART}.")
    body = await read_form_body(request)
    fields: dict[str, list[str]] = {}
    for name, value in (*body.fields, *request.query_params.multi_items()):
        fields.setdefault(name, []).append(value)
    return Posted(fields, body.files)


def read_report(posted: Posted, client: ApiClient) -> RawReport:
    """The report in a POST of GeoReport v2."""
    name = " ".join(part for part in (posted.one("first_name"), posted.one("last_name")) if part)
    return RawReport(
        source="open311",
        category=posted.one("service_code"),
        lat=posted.one("lat"),
        long=posted.one("long", "lon", "lng"),
        address=posted.one("address_string"),
        address_id=posted.one("address_id"),
        title=posted.one("title"),
        description=posted.one("description"),
        answers=gather_answers(posted.pairs()),
        name="" if name.strip("- ") == "" else name,
        email=posted.one("email"),
        phone=posted.one("phone"),
        account=posted.one("account_id"),
        media_links=posted.all("media_url"),
        language=posted.one("locale", "language") or "de",
        files=posted.files,
        api_client=client.client_id,
        api_client_name=client.name,
    )


def read_wanted(query: dict[str, str], now: datetime) -> tuple[Wanted, int]:
    """The reports a GET asks for, and how many at most. Raises Open311Error."""
    ids = query.get("service_request_id", "").strip()
    if ids:
        numbers = tuple(
            number for text in ids.split(",")[:MOST_REQUESTS] if (number := normalise_number(text))
        )
        return Wanted(numbers=numbers or ("",)), MOST_REQUESTS
    changed_from = _moment(query, "updated_after")
    changed_until = _moment(query, "updated_before")
    since, until = _window(query, now)
    if (changed_from or changed_until) and not query.get("start_date"):
        since = None
    size = _whole(query, "page_size", MOST_REQUESTS, 1, MOST_REQUESTS)
    page = _whole(query, "page", 1, 1, 100_000)
    return Wanted(
        states=_states(query.get("status", "")),
        categories=tuple(
            code.strip() for code in query.get("service_code", "").split(",") if code.strip()
        ),
        submitted_from=since,
        submitted_until=until,
        changed_from=changed_from,
        changed_until=changed_until,
        offset=(page - 1) * size,
    ), size


def _states(text: str) -> tuple[CaseState, ...]:
    wanted = {word.strip().lower() for word in text.split(",") if word.strip()}
    if wanted - {"open", "closed"}:
        raise Open311Error(400, "status: Es gibt nur die Werte open und closed.")
    if wanted == {"open"}:
        return tuple(_OPEN_STATES)
    return tuple(CLOSED_STATES) if wanted == {"closed"} else ()


def _window(query: dict[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    """At most 90 days on requested_datetime, the last 90 by default (GeoReport v2)."""
    start, end = _moment(query, "start_date"), _moment(query, "end_date")
    if start is None and end is None:
        return now - WINDOW, None
    if start is None and end is not None:
        return end - WINDOW, end
    if start is not None and (end is None or end - start > WINDOW):
        return start, start + WINDOW
    return start, end


def _moment(query: dict[str, str], name: str) -> datetime | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    # a plus sign that nobody encoded arrives as a space
    text = _ZONE_WITH_SPACE.sub(r"+\1", text)
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Open311Error(
            400, f"{name}: kein Zeitpunkt nach ISO 8601, zum Beispiel 2026-11-23T14:00:00Z."
        ) from None


def _whole(query: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Open311Error(400, f"{name}: keine ganze Zahl.")
    return min(max(int(text), least), most)
