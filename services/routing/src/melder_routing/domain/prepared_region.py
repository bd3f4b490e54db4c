"""A region file with everything it refers to, read and checked, ready to be planned or applied."""

from dataclasses import dataclass
from functools import cached_property

from melder_routing.domain.region import Region
from melder_routing.domain.region_areas import Features, RegionAreas, file_digest
from melder_routing.domain.region_plan import Digests, digests_of


@dataclass(frozen=True)
class PreparedRegion:
    """The ``features`` of every boundary file, and the ``areas`` they make."""

    region: Region
    features: Features
    areas: RegionAreas

    @cached_property
    def digests(self) -> Digests:
        """The digests of all entries."""
        return digests_of(self.region, self.areas)

    @cached_property
    def file_digests(self) -> dict[str, str]:
        """A digest of every boundary file's features by its id."""
        return {source: file_digest(found) for source, found in self.features.items()}
