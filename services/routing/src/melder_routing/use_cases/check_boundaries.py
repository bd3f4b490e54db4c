"""Check a boundary file: what it holds, and what an import would have to repair."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.region_areas import Feature
from melder_routing.store.boundary_files import read_boundary_file
from melder_routing.store.boundary_repairs import Repair, find_repairs


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """What a file holds; ``repairs`` in the order of its features."""

    features: Sequence[Feature]
    repairs: Sequence[Repair]

    def lines(self) -> Iterator[str]:
        """The report for people."""
        crs = ", ".join(sorted({feature.crs for feature in self.features}))
        invalid = [repair for repair in self.repairs if repair.reason is not None]
        yield f"{len(self.features)} features in {crs[:80] or 'no reference system'}"
        parted = sum(repair.parts > 1 for repair in self.repairs)
        holed = sum(repair.holes > 0 for repair in self.repairs)
        yield f"{parted} with several parts, {holed} with holes"
        yield f"{len(invalid)} invalid, repaired on import"
        for repair in invalid:
            yield f"  {repair.key} {repair.name}: {repair.reason}"
        for repair in self.repairs:
            if repair.parts == 0:
                yield f"  {repair.key} {repair.name}: nothing is left after repair"
        for key, number in Counter(feature.key for feature in self.features).items():
            if number > 1:
                yield f"  key {key or '(empty)'} stands {number} times; its features are united"


async def check_boundaries(
    connection: AsyncConnection, path: Path, *, key: str, name: str, crs: str | None = None
) -> BoundaryReport:
    """Read ``path`` and try its repair in PostGIS; nothing is written.

    Raises BoundaryFileRefused.
    """
    features = read_boundary_file(path, key=key, name=name, crs=crs)
    return BoundaryReport(features, await find_repairs(connection, features))
