"""What clients of Open311 send, in all the spellings they use."""

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request

from melder_common.ids import new_id
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
from melder_intake.http.open311.errors import Open311Error

LONGEST_TEXT = 8 * 1024 * 1024
"""Bytes of one text: a photo of 6 MB as Base64 may be one."""
MEDIA_FIELDS = ("media", "media[]")
KEY_HEADERS = ("x-api-key", "api-key")

_BREAKS = re.compile(r"[\r\n\t]")
_DATA_ADDRESS = re.compile(r"data:(image/[\w.+-]{1,30});base64$", re.ASCII | re.IGNORECASE)


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
    body = await read_form_body(request, longest_text=LONGEST_TEXT)
    fields: dict[str, list[str]] = {}
    files = list(body.files)
    for name, value in (*body.fields, *request.query_params.multi_items()):
        if name in MEDIA_FIELDS:
            files += _written_file(name, value)
        else:
            fields.setdefault(name, []).append(value)
    return Posted(fields, tuple(files))


def _written_file(name: str, text: str) -> list[PhotoFile]:
    """A photo that came as text: Base64, also as a ``data:`` address (Klarschiff)."""
    if not text.strip():
        return []
    kind, _, written = text.rpartition(",")
    try:
        # forms may turn the plus signs of Base64 into spaces, and lines may be broken
        plain = _BREAKS.sub("", written.strip().replace(" ", "+"))
        content = b64decode(
            plain, altchars=b"-_" if set("-_") & set(plain) else None, validate=True
        )
    except ValueError:
        raise Open311Error(400, f"{name}: kein Foto in Base64.") from None
    found = _DATA_ADDRESS.match(kind)
    return [PhotoFile(new_id(), found[1] if found else "application/octet-stream", content)]


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
        asset_type=posted.one("service_object_type"),
        asset_id=posted.one("service_object_id"),
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
