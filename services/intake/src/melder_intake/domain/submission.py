"""A report on its way in: what was sent, what is wrong with it, what is accepted."""

import dataclasses
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from melder_common.event_values import ChannelKind, PhotoClaim, Place

Source = Literal["web", "open311", "phone"]


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field. ``code`` is for machines; ``details`` fill the sentence."""

    field: str
    code: str
    details: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Contact:
    """How the reporter can be reached; all of it optional, all of it sealed."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    account: str | None = None

    @property
    def channels(self) -> tuple[ChannelKind, ...]:
        """The kinds of channel there are, without their values."""
        found: list[ChannelKind] = []
        if self.email:
            found.append("email")
        if self.phone:
            found.append("phone")
        return tuple(found)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to seal."""
        return not (self.name or self.email or self.phone or self.account)


@dataclasses.dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file that came with a form, not yet known to media."""

    photo_id: UUID
    content_type: str
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Submission:
    """A report that passed every check. ``drafts`` are files spooled by an earlier step."""

    source: Source
    category: str
    place: Place
    description: str
    contact: Contact = dataclasses.field(default_factory=Contact)
    asset_type: str | None = None
    title: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    photos: tuple[PhotoClaim, ...] = ()
    files: tuple[PhotoFile, ...] = ()
    drafts: tuple[UUID, ...] = ()
    media_link: str | None = None
    hazard: bool = False
    language: str = "de"
    signals: tuple[str, ...] = ()
    api_client: UUID | None = None
    api_client_name: str | None = None

    def canonical(self) -> dict[str, object]:
        """The fields that make two sendings the same one (idempotency); files by their bytes."""
        return {
            "category": self.category,
            "place": self.place.model_dump(exclude_none=True),
            "title": self.title,
            "description": self.description,
            "contact": [self.contact.name, self.contact.email, self.contact.phone],
            "attributes": {code: list(values) for code, values in self.attributes.items()},
            "photos": [str(claim.photo_id) for claim in self.photos],
            "drafts": [str(photo_id) for photo_id in self.drafts],
            "files": [file.content for file in self.files],
            "media_link": self.media_link,
            "hazard": self.hazard,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What is minted before the first try, so that every try means the same report.

    ``key`` and ``scope`` make repeated sendings one (None: each is its own).
    """

    report_id: UUID
    scope: str
    key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """A report is in. ``repeated``: it was in already; ``photos_lost``: the spool was full."""

    report_id: UUID
    number: str
    repeated: bool = False
    photos_lost: int = 0


class SubmissionRefused(Exception):
    """Nothing was stored; ``faults`` say what to change."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in faults))
        self.faults = faults
