"""What an import of boundaries finds and would change: plain values, for people and machines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class BoundaryDraft:
    """What an import is to bring: one file that takes the place of ``source`` from a day on.

    ``source`` names the series (as ``boundaries: id`` in a region file), ``layer`` its kind of
    area, ``version`` this state of it. ``valid_from``: empty means since ever.
    """

    source: str
    layer: str
    version: str
    attribution: str
    general: bool = True
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class AreaName:
    """An area as people know it; ``body`` is the slug of the body it belongs to, if any."""

    key: str
    name: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """An area that was invalid as OGC geometry, and why; holes and parts were kept."""

    key: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Ground that is nobody's (one key or none) or claimed twice: square metres and a point in it.

    ``keys``: the areas around a gap, or the two that overlap.
    """

    m2: float
    lat: float
    long: float
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """An area that is there before and after: how many square metres it gained and lost."""

    key: str
    name: str
    gained_m2: float
    lost_m2: float
    renamed_from: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The file against what counts now for its source; ``compared_with`` names those versions."""

    compared_with: tuple[str, ...] = ()
    added: tuple[AreaName, ...] = ()
    vanished: tuple[AreaName, ...] = ()
    changed: tuple[Changed, ...] = ()
    unchanged: int = 0
    without_body: tuple[AreaName, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """Everything an import has to say; places are the largest first."""

    file: str
    draft: BoundaryDraft
    crs: str
    features: int
    several_parts: int
    with_holes: int
    repaired: Sequence[Repaired] = ()
    duplicates: Sequence[tuple[str, int]] = ()
    gaps: Sequence[Place] = ()
    overlaps: Sequence[Place] = ()
    comparison: Comparison = Comparison()
    written: bool = False
    known_already: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values: dates as text, everything else as it is named here."""
        plain = asdict(self)
        day = self.draft.valid_from
        plain["draft"]["valid_from"] = day.isoformat() if day else None
        return plain
