"""Tolerances at borders and shores: how near is near, and who would be responsible over there."""

from collections.abc import Callable
from dataclasses import dataclass

from melder_routing.domain.areas import Area, Surroundings, chain_of

BORDER_TOLERANCE_M = 25.0
LARGEST_TOLERANCE_M = 100.0
SHORE_TOLERANCE_M = 200.0
SIGHT_M = 2000.0
"""How far a decision looks for the next border (metres)."""
_SAME_LINE_M = 0.05
_ENOUGH_M = LARGEST_TOLERANCE_M + 1
"""Beyond the largest tolerance only the nearest neighbour is told (metres)."""


def tolerance_m(accuracy_m: float | None) -> float:
    """max(25 m, reported accuracy, at most 100 m), as docs/routing.md has it."""
    return max(BORDER_TOLERANCE_M, min(accuracy_m or 0.0, LARGEST_TOLERANCE_M))


@dataclass(frozen=True, slots=True)
class Standing:
    """The areas a place counts as lying in; ``off_m`` is how far outside it was (snapped)."""

    areas: tuple[Area, ...]
    snapped: bool = False
    off_m: float = 0.0


def stand(surroundings: Surroundings, tolerance: float) -> Standing:
    """Where the place stands: in what contains it, else in the nearest area within tolerance.

    At a shore the tolerance is 200 m. Nothing is snapped over an excluded area (another country's
    enclave), nor where areas of two Länder are within reach.
    """
    containing = surroundings.containing
    if any(area.general for area in containing) or surroundings.excluded:
        return Standing(containing)
    reach = SHORE_TOLERANCE_M if surroundings.in_waters else tolerance
    near = [a for a in surroundings.around if a.general and a.distance_m <= reach]
    if not near or len({area.ars[:2] for area in near if area.ars}) > 1:
        return Standing(containing)
    return Standing(chain_of(near[0], surroundings), snapped=True, off_m=near[0].distance_m)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A body that would be responsible ``distance_m`` metres away, in ``area``."""

    body: str
    distance_m: float
    area: Area


def neighbours_of(
    surroundings: Surroundings,
    standing: Standing,
    responsible: str | None,
    judge_in: Callable[[tuple[Area, ...]], str | None],
) -> tuple[Neighbour, ...]:
    """The nearest other body in sight and all within the largest tolerance, nearest first.

    A neighbouring area counts only when the place, moved into it, would have another responsible
    body: for waste the next Gemeinde of the same Landkreis is no border.
    """
    found: dict[str, Neighbour] = {}
    for area in (*surroundings.containing, *surroundings.around):
        if found and area.distance_m - standing.off_m > _ENOUGH_M:
            break
        if _has_parts_here(area, surroundings) or (standing.snapped and area in standing.areas):
            continue
        body = judge_in(chain_of(area, surroundings))
        if body is not None and body != responsible and body not in found:
            found[body] = Neighbour(body, max(0.0, area.distance_m - standing.off_m), area)
    return tuple(found.values())


def _has_parts_here(area: Area, surroundings: Surroundings) -> bool:
    """Whether a smaller area of the same administrative order begins just as near."""
    return any(
        other is not area
        and other.lies_within(area)
        and other.precedence < area.precedence
        and other.distance_m <= area.distance_m + _SAME_LINE_M
        for other in surroundings.areas
    )
