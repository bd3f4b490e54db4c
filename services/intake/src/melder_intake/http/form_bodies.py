"""Posted forms, read the same way everywhere: URL-encoded or multipart, texts and files apart."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from melder_common.ids import new_id
from melder_common.problems import Problem
from melder_common.request_guard import too_large
from melder_intake.domain.submission import PhotoFile

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

MOST_FIELDS = 1000
MOST_FILES = 50
LONGEST_TEXT = 256 * 1024
LONGEST_URL_ENCODED = 1024 * 1024

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,39}")


@dataclass(frozen=True)
class FormBody:
    """Texts in the order sent, and every file that is not empty, whatever its field is called."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[PhotoFile, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every text given under ``name`` that is not blank."""
        return tuple(value for field, value in self.fields if field == name and value.strip())

    def last(self, name: str) -> str:
        """The last text given under ``name``; empty when there is none."""
        values = self.all(name)
        return values[-1] if values else ""


def content_type_of(request: Request) -> str:
    """The media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_form_body(request: Request, *, longest_text: int | None = None) -> FormBody:
    """The posted form; a body that is none of the two kinds reads as empty.

    ``longest_text``: bytes of one text, where texts may hold files. Raises Problem 400 for what
    cannot be parsed and 413 for what is too large.
    """
    if content_type_of(request) == URL_ENCODED:
        longest = max(LONGEST_URL_ENCODED, longest_text or 0)
        return FormBody(_parse(await _read_limited(request, longest)))
    form = request.form(
        max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=longest_text or LONGEST_TEXT
    )
    async with form as parts:
        pairs = parts.multi_items()
        files = [await _file(value) for _, value in pairs if isinstance(value, UploadFile)]
        return FormBody(
            tuple((name, value) for name, value in pairs if isinstance(value, str)),
            tuple(file for file in files if file.content),
        )


async def _read_limited(request: Request, longest: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            raise too_large(longest)
    return bytes(body)


def _parse(body: bytes) -> tuple[tuple[str, str], ...]:
    """Clients that do not percent-encode send UTF-8 as it is, so that is what it is read as."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Problem(400, "too-many-fields", "Too many fields", "Send fewer fields.") from None


async def _file(upload: UploadFile) -> PhotoFile:
    """The client's word on the type is passed on only where it may stand in a header."""
    given = upload.content_type or ""
    kind = given if _MEDIA_TYPE.fullmatch(given) else "application/octet-stream"
    return PhotoFile(new_id(), kind, await upload.read())
