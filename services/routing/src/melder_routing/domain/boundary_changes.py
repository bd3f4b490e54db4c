"""A new state of boundaries against the one that counts. Needs Shapely, as ``coverage``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from melder_routing.domain.boundary_areas import CurrentArea, DraftArea
from melder_routing.domain.boundary_report import AreaName, Changed, Comparison
from melder_routing.domain.coverage import SLIVER_M2, square_metres


def compare(
    areas: Sequence[DraftArea],
    shapes: Any,
    current: Sequence[CurrentArea],
    bodies: Mapping[str, str],
) -> Comparison:
    """What ``areas`` with their ``shapes`` (WGS 84) change; ``bodies``: slugs by key of an area."""
    before, after = _by_key(current), _by_key(areas)
    rows: dict[str, list[int]] = {}
    for number, area in enumerate(areas):
        rows.setdefault(area.key, []).append(number)
    kept = [key for key in after if key in before]
    owners = {area.key: area.body for area in current}
    touched = [key for key in kept if _differs(before[key], after[key])]
    changes = [_change(before[key], after[key], shapes[rows[key]]) for key in touched]
    changed = [change for change in changes if change is not None]
    return Comparison(
        compared_with=tuple(sorted({area.version for area in current})),
        added=tuple(AreaName(k, after[k][0].name, bodies.get(k)) for k in after if k not in before),
        vanished=tuple(AreaName(k, before[k][0].name, owners[k]) for k in before if k not in after),
        changed=tuple(changed),
        unchanged=len(kept) - len(changed),
        without_body=tuple(
            AreaName(k, after[k][0].name) for k in after if not (owners.get(k) or bodies.get(k))
        ),
    )


def _by_key(areas: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for area in areas:
        found.setdefault(area.key, []).append(area)
    return found


def _differs(before: Sequence[CurrentArea], after: Sequence[DraftArea]) -> bool:
    shapes = [sorted(area.digest for area in areas) for areas in (before, after)]
    return shapes[0] != shapes[1] or before[0].name != after[0].name


def _change(
    before: Sequence[CurrentArea], after: Sequence[DraftArea], shapes: Any
) -> Changed | None:
    old = shapely.union_all(shapely.from_wkb([area.wkb for area in before]))
    new = shapely.union_all(shapes)
    differences = np.array([shapely.difference(new, old), shapely.difference(old, new)])
    gained, lost = (round(float(size), 1) for size in square_metres(differences))
    renamed = before[0].name if before[0].name != after[0].name else None
    if max(gained, lost) <= SLIVER_M2 and renamed is None:
        return None
    return Changed(after[0].key, after[0].name, gained, lost, renamed)
