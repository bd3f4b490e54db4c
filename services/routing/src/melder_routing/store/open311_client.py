"""Speaking Open311 GeoReport v2 to foreign servers: bounded in time and size, never trusting.

Nothing here knows a case. Every failure is an EndpointFailed; the key travels in the body of a
POST (and in the query of GET servicerequestupdates, as FixMyStreet does) and is in no message.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote, urlsplit

import httpx

from melder_routing.domain.outside_trouble import EndpointFailed, Trouble
from melder_routing.store.open311_answers import (
    Record,
    RemoteUpdate,
    Taken,
    UnreadableAnswer,
    read_attributes,
    read_error,
    read_records,
    read_requests,
    read_taken,
    read_updates,
)

PATIENCE = httpx.Timeout(20.0, connect=5.0)
LONGEST_CALL_S = 60.0
"""From the first byte sent to the last one read, however slowly it drips."""
LARGEST_ANSWER = 8 * 1024 * 1024
IDS_AT_ONCE = 40
PAGE_SIZE, MOST_PAGES = 1000, 50
SMALLEST_PAGE = 20
"""Fewer updates than this are all there are: no server known gives so few at once (50 some)."""

Form = Literal["json", "xml"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where an endpoint is spoken to, and in which format."""

    base: str
    form: Form
    jurisdiction_id: str | None = None
    key: str | None = None

    def query(self, **more: str) -> dict[str, str]:
        """Parameters of a GET."""
        own = {"jurisdiction_id": self.jurisdiction_id} if self.jurisdiction_id else {}
        return {**own, **more}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo to be sent as a file (JPEG)."""

    name: str
    content: bytes


class Open311Client:
    """The calls of GeoReport v2 and mySociety's updates."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def post_request(
        self, at: Address, fields: Sequence[tuple[str, str]], photos: Sequence[Picture], key: str
    ) -> Taken:
        """Hand a case over. Raises EndpointFailed; UNCLEAR when it may have arrived."""
        body = await self._post(at, "requests", fields, [("media", one) for one in photos], key)
        with _readable(Trouble.UNCLEAR):
            return read_taken(body, at.form)

    async def post_update(
        self, at: Address, fields: Sequence[tuple[str, str]], photos: Sequence[Picture], key: str
    ) -> None:
        """Tell something about a case. Raises EndpointFailed."""
        files = [(f"photo{number}", one) for number, one in enumerate(photos, start=1)]
        await self._post(at, "servicerequestupdates", fields, files, key)

    async def ask_token(self, at: Address, token: str) -> str | None:
        """The id behind a token; none while there is none yet. Raises EndpointFailed."""
        try:
            body = await self._get(at, f"tokens/{quote(token, safe='')}", at.query())
        except EndpointFailed as failed:
            if failed.trouble is Trouble.REFUSED:
                return None
            raise
        with _readable():
            return read_taken(body, at.form).remote_id

    async def list_updates(
        self, at: Address, ids: Sequence[str], since: datetime, until: datetime
    ) -> list[RemoteUpdate]:
        """What happened there between two moments, oldest first. Raises EndpointFailed.

        Asked page by page until one brings nothing new: a server may give fewer than were asked
        for, and one that knows neither ``service_request_id`` nor pages repeats everything.
        """
        query = at.query(start_date=_moment(since), end_date=_moment(until))
        query["page_size"] = str(PAGE_SIZE)
        if at.key:
            query["api_key"] = at.key
        if len(ids) <= IDS_AT_ONCE:
            query["service_request_id"] = ",".join(ids)
        found: dict[str, RemoteUpdate] = {}
        for page in range(1, MOST_PAGES + 1):
            updates = await self._updates(at, query | {"page": str(page)})
            known = len(found)
            found |= {one.update_id: one for one in updates}
            if len(updates) < SMALLEST_PAGE or len(found) == known:
                break
        return list(found.values())

    async def _updates(self, at: Address, query: dict[str, str]) -> list[RemoteUpdate]:
        body = await self._get(at, "servicerequestupdates", query)
        with _readable():
            return read_updates(body, at.form)

    async def list_requests(self, at: Address, ids: Sequence[str]) -> list[RemoteUpdate]:
        """How these requests stand. Raises EndpointFailed."""
        found: list[RemoteUpdate] = []
        for start in range(0, len(ids), IDS_AT_ONCE):
            query = at.query(service_request_id=",".join(ids[start : start + IDS_AT_ONCE]))
            body = await self._get(at, "requests", query)
            with _readable():
                found += read_requests(body, at.form)
        return found

    async def list_services(self, at: Address) -> list[Record]:
        """What can be reported there. Raises EndpointFailed."""
        body = await self._get(at, "services", at.query())
        with _readable():
            return read_records(body, at.form, "service")

    async def get_definition(self, at: Address, code: str) -> list[Record]:
        """A service's attributes. Raises EndpointFailed."""
        body = await self._get(at, f"services/{quote(code, safe='')}", at.query())
        with _readable():
            return read_attributes(body, at.form)

    async def read_document(self, url: str, form: Form, item: str) -> list[Record]:
        """Any document by its address, as records. Raises EndpointFailed."""
        body = await self._call(self._http.build_request("GET", url, timeout=PATIENCE), form)
        with _readable():
            return read_records(body, form, item)

    async def _get(self, at: Address, path: str, query: dict[str, str]) -> bytes:
        url = f"{at.base}/{path}.{at.form}"
        request = self._http.build_request("GET", url, params=query, timeout=PATIENCE)
        return await self._call(request, at.form)

    async def _post(
        self,
        at: Address,
        path: str,
        fields: Sequence[tuple[str, str]],
        photos: Sequence[tuple[str, Picture]],
        key: str,
    ) -> bytes:
        sent: dict[str, list[str]] = {}
        for name, value in (*fields, *((("api_key", at.key),) if at.key else ())):
            sent.setdefault(name, []).append(value)
        files = [(name, (one.name, one.content, "image/jpeg")) for name, one in photos]
        request = self._http.build_request(
            "POST",
            f"{at.base}/{path}.{at.form}",
            data=sent,
            files=files or None,
            headers={"Idempotency-Key": key},
            timeout=PATIENCE,
        )
        return await self._call(request, at.form)

    async def _call(self, request: httpx.Request, form: Form) -> bytes:
        request.headers["Accept"] = "application/json" if form == "json" else "text/xml"
        try:
            async with asyncio.timeout(LONGEST_CALL_S):
                answer = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    body = await _read_bounded(answer)
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise EndpointFailed(Trouble.UNREACHABLE, "TimeoutError") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EndpointFailed(Trouble.UNREACHABLE, type(error).__name__) from None
        _require_success(answer, body, form)
        return body


async def _read_bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            if answer.is_success and answer.request.method == "POST":
                raise EndpointFailed(Trouble.UNCLEAR, "more than 8 MB")
            raise EndpointFailed(Trouble.UNREADABLE, "more than 8 MB")
    return bytes(body)


def _require_success(answer: httpx.Response, body: bytes, form: Form) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    words = f"{status} {read_error(body, form)}".strip()
    if answer.has_redirect_location:
        raise EndpointFailed(Trouble.REDIRECTED, f"{status} to {_host_of(answer)}")
    if status in {401, 403}:
        raise EndpointFailed(Trouble.KEY_REFUSED, words)
    if status in {408, 425, 429, 503}:
        raise EndpointFailed(Trouble.BUSY, words, retry_after=_retry_after(answer))
    if status >= 500 or status < 400:
        raise EndpointFailed(Trouble.SERVER_ERROR, words, retry_after=_retry_after(answer))
    raise EndpointFailed(Trouble.REFUSED, words)


def _host_of(answer: httpx.Response) -> str:
    try:
        return urlsplit(answer.headers["location"]).hostname or "the same host"
    except ValueError:
        return "nowhere"


def _retry_after(answer: httpx.Response) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3); nonsense counts as nothing."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), 10**6))
    with suppress(ValueError, TypeError):
        until = parsedate_to_datetime(said)
        return max(until - datetime.now(UTC), timedelta()) if until.tzinfo else None
    return None


@contextmanager
def _readable(trouble: Trouble = Trouble.UNREADABLE) -> Iterator[None]:
    """Turn an answer that is no Open311 into ``trouble``."""
    try:
        yield
    except UnreadableAnswer as error:
        raise EndpointFailed(trouble, str(error)) from None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
