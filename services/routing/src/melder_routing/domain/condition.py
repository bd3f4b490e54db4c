"""Conditions of a competence: on the road, the town's size, the asset that was named."""

from dataclasses import dataclass

from melder_routing.domain.site import Asset, Road


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions ask about. ``population``: inhabitants of the Gemeinde, where known."""

    road: Road | None = None
    asset: Asset | None = None
    population: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """All that is said must hold; empty parts say nothing.

    ``above`` and ``up_to`` are inhabitants of the Gemeinde the place lies in, the words of the
    road laws: more than, and not more than.
    """

    road_classes: frozenset[str] = frozenset()
    in_town: bool | None = None
    above: int | None = None
    up_to: int | None = None
    asset_types: frozenset[str] = frozenset()
    asset_operators: frozenset[str] = frozenset()

    @property
    def on_road(self) -> bool:
        """Whether it makes its competence a rule about roads (step 3)."""
        return bool(self.road_classes)

    @property
    def only_motorways(self) -> bool:
        """Whether it speaks of Autobahnen alone: such a rule counts for any category."""
        return self.road_classes == {"A"}

    def unmet(self, here: Circumstances) -> str | None:
        """Why it does not hold here, in words; empty when it does."""
        return self._off_road(here.road) or self._other_size(here.population) or self._asset(here)

    def _off_road(self, road: Road | None) -> str | None:
        if not self.road_classes:
            return None
        if road is None:
            return "no road runs here"
        if road.road_class not in self.road_classes:
            return f"the road here is of class {road.road_class}"
        if self.in_town is not None and road.in_town != self.in_town:
            return f"the road here runs {'in' if road.in_town else 'out of'} town"
        return None

    def _other_size(self, population: int | None) -> str | None:
        if self.above is None and self.up_to is None:
            return None
        if population is None:
            return "the number of inhabitants is not known here"
        small = self.above is not None and population <= self.above
        large = self.up_to is not None and population > self.up_to
        return f"the municipality has {population} inhabitants" if small or large else None

    def _asset(self, here: Circumstances) -> str | None:
        if not self.asset_types and not self.asset_operators:
            return None
        if here.asset is None:
            return "no asset was named"
        if self.asset_types and here.asset.type not in self.asset_types:
            return f"the asset is a {here.asset.type}"
        if self.asset_operators and here.asset.operator not in self.asset_operators:
            return f"the asset belongs to {here.asset.operator}"
        return None


ALWAYS = Condition()
