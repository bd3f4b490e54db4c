"""The update in a POST of servicerequestupdates, as FixMyStreet sends it."""

import re
from datetime import datetime

from melder_common.text import TextRefused, clean_text
from melder_intake.domain.checking import PhotoLimits
from melder_intake.domain.client_update import ClientUpdate
from melder_intake.domain.open311_status import KNOWN_WORDS, status_given
from melder_intake.domain.submission import Fault
from melder_intake.http.open311 import values
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.posts import Posted
from melder_intake.http.sentences import sentence

MOST_LINKS = 5
LONGEST_LINK = 500

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_MISSING = "fehlt."


def read_update(posted: Posted, limits: PhotoLimits) -> tuple[str, ClientUpdate]:
    """The number as sent, and the update. Raises Open311Error 400 with all that is wrong.

    Name, address, phone and account of whoever wrote it are not read at all.
    """
    fields = _Fields(posted)
    number = fields.line("service_request_id", 100)
    update_id = fields.line("update_id", 200)
    said_at = fields.moment("updated_datetime")
    status = fields.status("status")
    links = fields.links("media_url")
    has_photo = bool(links or posted.files)
    text = fields.text("description", 4000, required=not has_photo)
    fields.photos(limits)
    if fields.wrong or said_at is None:
        raise Open311Error(400, *fields.wrong)
    return number, ClientUpdate(
        update_id=update_id,
        status=status,
        text=text,
        said_at=said_at,
        links=links,
        files=posted.files,
    )


class _Fields:
    """Reads field by field and gathers what is wrong, each named."""

    def __init__(self, posted: Posted) -> None:
        self._posted = posted
        self.wrong: list[str] = []

    def line(self, name: str, longest: int) -> str:
        return self._cleaned(name, longest, multiline=False, required=True)

    def text(self, name: str, longest: int, *, required: bool) -> str:
        return self._cleaned(name, longest, multiline=True, required=required)

    def moment(self, name: str) -> datetime | None:
        given = self._posted.one(name).strip()
        try:
            if given:
                return values.moment(given)
            self._refuse(name, _MISSING)
        except values.ValueRefused as refused:
            self._refuse(name, str(refused))
        return None

    def status(self, name: str) -> str:
        given = self._posted.one(name)
        word = status_given(given)
        if word is None:
            known = ", ".join(sorted(one.upper() for one in KNOWN_WORDS))
            self._refuse(name, f"Es gibt nur {known}." if given else _MISSING)
        return word or ""

    def links(self, name: str) -> tuple[str, ...]:
        given = tuple(link.strip() for link in self._posted.all(name))
        if len(given) > MOST_LINKS:
            self._refuse(name, f"höchstens {MOST_LINKS} sind möglich.")
        if any(len(link) > LONGEST_LINK or not _LINK.fullmatch(link) for link in given):
            self._refuse(name, sentence(Fault(name, "link_invalid")))
        return given

    def photos(self, limits: PhotoLimits) -> None:
        files = self._posted.files
        if len(files) > limits.count:
            self._refuse("photo", sentence(_limit("photos_too_many", limits.count)))
        if any(len(file.content) > limits.bytes for file in files):
            megabytes = limits.bytes // 1_000_000
            self._refuse("photo", sentence(_limit("photo_too_large", megabytes)))

    def _cleaned(self, name: str, longest: int, *, multiline: bool, required: bool) -> str:
        try:
            text = clean_text(self._posted.one(name), max_length=longest, multiline=multiline)
        except TextRefused as refused:
            self._refuse(name, sentence(Fault(name, refused.code, {"max": str(longest)})))
            return ""
        if required and not text:
            self._refuse(name, _MISSING)
        return text

    def _refuse(self, name: str, why: str) -> None:
        self.wrong.append(f"{name}: {why}")


def _limit(code: str, most: int) -> Fault:
    return Fault("photo", code, {"max": str(most)})
