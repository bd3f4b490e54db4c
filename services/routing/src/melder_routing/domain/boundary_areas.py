"""Areas of a boundary file on their way in, and those they would replace."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DraftArea:
    """A feature as it would be kept: WKB in WGS 84, and why it was invalid before (or not)."""

    key: str
    name: str
    digest: str
    reason: str | None
    wkb: bytes


@dataclass(frozen=True, slots=True)
class CurrentArea:
    """An area that a new state would end; ``body``: the slug of the body that has it, if any."""

    key: str
    name: str
    digest: str
    version: str
    wkb: bytes
    body: str | None
