"""Checking what was sent: text by text, the answers, and whether the place is ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from melder_common.event_values import PhotoClaim, Place
from melder_common.geo import Coordinate, CoordinateRefused
from melder_common.text import TextRefused, clean_text
from melder_intake.domain.answers import check_answers
from melder_intake.domain.catalogue import Catalogue, Category
from melder_intake.domain.submission import (
    Contact,
    Fault,
    PhotoFile,
    Source,
    Submission,
    SubmissionRefused,
)

Covers = Callable[[Coordinate], bool]

_MAIL_TEXT = r"[^\s@,;:<>()\[\]\\\"]"
_MAIL = re.compile(rf"{_MAIL_TEXT}{{1,64}}@{_MAIL_TEXT}+\.{_MAIL_TEXT}{{2,}}")
_PHONE = re.compile(r"[+(]?[\d\s()/.–-]{4,29}")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MOST_ACCURATE_M = 100_000.0
LONGEST_ASSET_ID = 120
"""Characters; what a register of assets can hold."""


@dataclass(frozen=True, slots=True)
class RawReport:
    """A report as it was typed; texts are untrimmed, coordinates still text."""

    source: Source
    category: str = ""
    lat: str = ""
    long: str = ""
    accuracy: str = ""
    address: str = ""
    address_id: str = ""
    asset_type: str = ""
    asset_id: str = ""
    title: str = ""
    description: str = ""
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = ""
    email: str = ""
    phone: str = ""
    account: str = ""
    media_links: tuple[str, ...] = ()
    hazard: bool = False
    language: str = "de"
    photos: tuple[PhotoClaim, ...] = ()
    files: tuple[PhotoFile, ...] = ()
    drafts: tuple[UUID, ...] = ()
    signals: tuple[str, ...] = ()
    api_client: UUID | None = None
    api_client_name: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """How many photos a report may bring, and how large each may be, in bytes."""

    count: int
    bytes: int


def check_report(
    raw: RawReport, catalogue: Catalogue, covers: Covers, limits: PhotoLimits
) -> tuple[Submission, Category]:
    """The submission and its category. Raises SubmissionRefused with everything that is wrong."""
    checks = _Checks()
    category = checks.category(raw.category, catalogue)
    coordinate = checks.place(raw.lat, raw.long, covers)
    title = checks.text("title", raw.title, 200)
    description = checks.text("description", raw.description, 4000, multiline=True) or ""
    media_link = checks.links(raw.media_links)
    contact = Contact(
        name=checks.text("name", raw.name, 200),
        email=checks.matching("email", raw.email, 254, _MAIL),
        phone=checks.matching("phone", raw.phone, 30, _PHONE),
        account=checks.text("account", raw.account, 200),
    )
    address = checks.text("address", raw.address, 200)
    address_id = checks.text("address_id", raw.address_id, 100)
    asset_id = checks.text("asset_id", raw.asset_id, LONGEST_ASSET_ID)
    asset_type = checks.asset_type(raw)
    answers, faults = check_answers(category.questions if category else (), raw.answers)
    checks.faults += faults
    checks.photos(raw, limits)
    if checks.faults or category is None or coordinate is None:
        raise SubmissionRefused(tuple(checks.faults))
    return Submission(
        source=raw.source,
        category=category.slug,
        place=Place(
            lat=coordinate.lat,
            long=coordinate.long,
            accuracy_m=read_accuracy(raw.accuracy),
            address=address,
            address_id=address_id,
            asset_id=asset_id,
        ),
        asset_type=asset_type,
        contact=contact,
        attributes=answers,
        photos=raw.photos,
        files=raw.files,
        drafts=raw.drafts,
        hazard=raw.hazard,
        language=raw.language if _LANGUAGE.fullmatch(raw.language) else "de",
        signals=raw.signals,
        api_client=raw.api_client,
        api_client_name=raw.api_client_name,
        title=title,
        description=description,
        media_link=media_link,
    ), category


def check_place(lat: str, long: str, covers: Covers) -> Coordinate:
    """A place of ours. Raises SubmissionRefused with the reason."""
    checks = _Checks()
    coordinate = checks.place(lat, long, covers)
    if coordinate is None:
        raise SubmissionRefused(tuple(checks.faults))
    return coordinate


class _Checks:
    """Gathers faults, so that a person reads all of them at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def category(self, slug: str, catalogue: Catalogue) -> Category | None:
        wanted = slug.strip()
        found = catalogue.categories.get(wanted)
        if found is None:
            code = "category_unknown" if wanted else "category_missing"
            self.faults.append(Fault("category", code))
        return found

    def place(self, lat: str, long: str, covers: Covers) -> Coordinate | None:
        if not lat.strip() or not long.strip():
            self.faults.append(Fault("place", "place_missing"))
            return None
        try:
            coordinate = Coordinate.parse(lat, long)
        except CoordinateRefused as refused:
            self.faults.append(Fault(refused.field, refused.code))
            return None
        fault = _place_fault(coordinate, covers)
        if fault:
            details = {"lat": f"{coordinate.lat:.5f}", "long": f"{coordinate.long:.5f}"}
            self.faults.append(Fault("place", fault, details))
            return None
        return coordinate

    def text(self, name: str, value: str, longest: int, *, multiline: bool = False) -> str | None:
        try:
            return clean_text(value, max_length=longest, multiline=multiline) or None
        except TextRefused as refused:
            self.faults.append(Fault(name, refused.code, {"max": str(longest)}))
            return None

    def matching(self, name: str, value: str, longest: int, pattern: re.Pattern[str]) -> str | None:
        text = self.text(name, value, longest)
        if text and not pattern.fullmatch(text):
            self.faults.append(Fault(name, f"{name}_invalid"))
            return None
        return text

    def links(self, values: tuple[str, ...]) -> str | None:
        links = [link for value in values[:5] if (link := self.text("media_url", value, 500))]
        if any(not _LINK.fullmatch(link) for link in links):
            self.faults.append(Fault("media_url", "link_invalid"))
        return " ".join(links) or None

    def asset_type(self, raw: RawReport) -> str | None:
        """What the object is; a program says it together with the number (CitySDK)."""
        half = bool(raw.asset_type.strip()) != bool(raw.asset_id.strip())
        if half and raw.source == "open311":
            self.faults.append(Fault("asset", "asset_half"))
        return self.text("asset_type", raw.asset_type, 100)

    def photos(self, raw: RawReport, limits: PhotoLimits) -> None:
        if len(raw.photos) + len(raw.files) + len(raw.drafts) > limits.count:
            self.faults.append(Fault("photo", "photos_too_many", {"max": str(limits.count)}))
        if any(len(file.content) > limits.bytes for file in raw.files):
            megabytes = str(limits.bytes // 1_000_000)
            self.faults.append(Fault("photo", "photo_too_large", {"max": megabytes}))


def _place_fault(coordinate: Coordinate, covers: Covers) -> str | None:
    if coordinate.lat == 0 and coordinate.long == 0:
        return "place_zero"
    if covers(coordinate):
        return None
    if coordinate.looks_swapped:
        return "place_swapped"
    return "place_outside"


def read_accuracy(text: str) -> float | None:
    """Metres as the device said them; what is no sensible number is left out, never refused."""
    if not re.fullmatch(r"\d{1,9}([.,]\d{1,20})?", text.strip()):
        return None
    metres = float(text.strip().replace(",", "."))
    return min(metres, _MOST_ACCURATE_M)
