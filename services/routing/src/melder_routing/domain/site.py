"""What stands or runs at a place: the asset that was named, and the roads within reach."""

from dataclasses import dataclass

ROAD_SNAP_M = 20.0
"""How near a road must run for a place to count as lying on it (metres)."""
ASSET_REACH_M = 250.0
"""How far from the place a named asset may stand; farther away its number was misread (metres)."""
_ORDER = "ABLKG"
_CROSSING_M = 0.5


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset by the number on it. ``operator``: slug of a body; ``distance_m`` to the place."""

    number: str
    type: str
    operator: str
    distance_m: float = 0.0

    @property
    def in_reach(self) -> bool:
        """Whether it can be what was reported; a number read wrongly names one far away."""
        return self.distance_m <= ASSET_REACH_M


@dataclass(frozen=True, slots=True)
class Road:
    """A road segment near a place.

    ``road_class``: A Autobahn, B Bundesstraße, L Landesstraße, K Kreisstraße, G Gemeindestraße.
    ``in_town``: in a through-road of a town (Ortsdurchfahrt). ``authority``: slug of the body that
    has this segment against the general rule, if any; ``name`` as in "B 103".
    """

    road_class: str
    in_town: bool
    distance_m: float
    authority: str | None = None
    name: str | None = None

    @property
    def precedence(self) -> tuple[float, int, bool, str, str]:
        """Nearest first; where roads cross, the higher class, then out of town, then by name."""
        near = round(self.distance_m / _CROSSING_M)
        order = _ORDER.index(self.road_class)
        return (near, order, self.in_town, self.name or "", self.authority or "")
