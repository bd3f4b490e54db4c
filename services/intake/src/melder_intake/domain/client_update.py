"""An update that a program sends to a report: what was said, what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from melder_intake.domain.api_client import ApiClient
from melder_intake.domain.submission import PhotoFile


@dataclass(frozen=True, slots=True)
class ClientUpdate:
    """A checked update. ``update_id`` is the sender's own; ``status`` mySociety's word.

    Whoever wrote it stays with the sender: names, addresses and accounts are not in here.
    """

    update_id: str
    status: str
    text: str
    said_at: datetime
    links: tuple[str, ...] = ()
    files: tuple[PhotoFile, ...] = ()

    def canonical(self) -> Mapping[str, object]:
        """The fields that make two sendings the same one; files by their bytes."""
        return {
            "status": self.status,
            "text": self.text,
            "said_at": self.said_at.isoformat(),
            "links": list(self.links),
            "files": [file.content for file in self.files],
        }

    @property
    def comment(self) -> str:
        """What a clerk reads: the text, then the links, which nobody fetches."""
        return "\n".join((self.text, *self.links)).strip()


@dataclass(frozen=True, slots=True)
class UpdateIds:
    """Minted before the first try, so that every try means the same comment."""

    comment_id: UUID
    client: ApiClient


class UpdateReused(Exception):
    """The sender used this update_id before, for other content or another report."""


class SpoolFull(Exception):
    """No room for the photos now; nothing was stored, so the sender may try again."""


class ReportGone(Exception):
    """The report was erased: nothing personal may be added to it any more."""


class ServiceNotAllowed(Exception):
    """The client may not speak to reports of this category."""


def spooled_size(files: Sequence[PhotoFile]) -> int:
    """Bytes of all files."""
    return sum(len(file.content) for file in files)
