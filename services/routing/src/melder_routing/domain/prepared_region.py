"""A region file with everything it refers to, read and checked, ready to be planned or applied."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from melder_routing.domain.region import Region
from melder_routing.domain.region_areas import Features, RegionAreas, file_digest
from melder_routing.domain.region_findings import Finding
from melder_routing.domain.region_plan import Digests, digests_of


@dataclass(frozen=True)
class PreparedRegion:
    """The ``features`` of every boundary file, and the ``areas`` they make.

    ``refuse`` raises RegionRefused with the line of every finding; none, no error.
    """

    region: Region
    features: Features
    areas: RegionAreas
    refuse: Callable[[Iterable[Finding]], None]

    @cached_property
    def digests(self) -> Digests:
        """The digests of all entries."""
        return digests_of(self.region, self.areas)

    @cached_property
    def file_digests(self) -> dict[str, str]:
        """A digest of every boundary file's features by its id."""
        return {source: file_digest(found) for source, found in self.features.items()}
