"""What one query brings about a point: the areas that contain it and those in sight."""

from dataclasses import dataclass

from melder_routing.domain.site import Asset, Road

TOUCH_M = 1.0
"""Two areas of one layer that share less than this depth touch; deeper ones overlap (metres)."""


@dataclass(frozen=True, slots=True)
class Area:
    """A jurisdiction near a point.

    ``ars`` is text of 2 to 12 digits; that of an area is a prefix of those inside it.
    ``contains``: the point lies inside or on the border (WGS 84). ``distance_m``: to the area,
    0 inside; ``depth_m``: from the point to the area's own border, only known where areas of one
    layer contain the point together (both EPSG:25832). ``general``: counts for default duties.
    """

    body: str
    layer: str
    name: str
    ars: str | None
    area_m2: float
    contains: bool
    distance_m: float
    boundary_version: str
    depth_m: float | None = None
    general: bool = True

    @property
    def precedence(self) -> tuple[float, str, str]:
        """The rule for ties: the smaller area first, then the body's slug, then the layer."""
        return (self.area_m2, self.body, self.layer)

    def lies_within(self, other: "Area") -> bool:
        """Whether by its key this area is ``other`` or a part of it."""
        return bool(self.ars and other.ars and self.ars.startswith(other.ars))

    def overlaps(self, other: "Area") -> bool:
        """Whether two sources claim the same ground here, by more than a shared border."""
        if self.layer != other.layer or self.body == other.body:
            return False
        depths = (self.depth_m or 0.0, other.depth_m or 0.0)
        return self.contains and other.contains and min(depths) > TOUCH_M


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A point with everything that can matter for it.

    ``rules`` are the numbers of the competences with a geometry of their own that contain it.
    ``in_waters``: in front of a shore, where the nearest area counts from farther away. ``asset``:
    what was named, if the register knows it; ``roads``: those within the snap distance;
    ``agreements``: numbers of those whose stretch of border contains the point.
    """

    received: bool
    excluded: bool
    in_waters: bool
    areas: tuple[Area, ...]
    rules: frozenset[str] = frozenset()
    asset: Asset | None = None
    roads: tuple[Road, ...] = ()
    agreements: frozenset[str] = frozenset()

    @property
    def road(self) -> Road | None:
        """The road the point lies on: the nearest within the snap distance."""
        return min(self.roads, key=lambda road: road.precedence, default=None)

    @property
    def containing(self) -> tuple[Area, ...]:
        """The areas the point lies in, smallest first."""
        return tuple(
            sorted((a for a in self.areas if a.contains), key=lambda area: area.precedence)
        )

    @property
    def around(self) -> tuple[Area, ...]:
        """The other areas in sight, nearest first; ties by precedence."""
        others = (area for area in self.areas if not area.contains)
        return tuple(sorted(others, key=lambda a: (round(a.distance_m, 2), a.precedence)))


def chain_of(area: Area, surroundings: Surroundings) -> tuple[Area, ...]:
    """The areas a point would lie in if it were moved into ``area``.

    These are the area, those it is a part of by its key, and areas without a key that contain the
    point already (they follow no administrative order) unless ``area`` takes their layer's place.
    """
    chain = [area]
    for other in surroundings.areas:
        if other is area:
            continue
        kept = other.contains and not other.ars and other.layer != area.layer
        if area.lies_within(other) or kept or (not area.ars and other.contains):
            chain.append(other)
    return tuple(sorted(chain, key=lambda a: a.precedence))
