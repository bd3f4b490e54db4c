"""Import a boundary file: read, repair, compare with what counts now, keep all of it or nothing.

Loads GDAL, Shapely and NumPy: only the operator's commands come here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.boundary_areas import DraftArea
from melder_routing.domain.boundary_changes import compare
from melder_routing.domain.boundary_checks import (
    key_mistakes,
    layer_of,
    place_mistakes,
    source_mistakes,
)
from melder_routing.domain.boundary_report import BoundaryDraft, BoundaryReport, Repaired
from melder_routing.domain.coverage import check_coverage
from melder_routing.domain.region_areas import Feature, file_digest
from melder_routing.store.boundary_drafts import find_draft, put_draft
from melder_routing.store.boundary_files import BoundaryFileRefused, read_boundary_file
from melder_routing.store.boundary_imports import (
    Series,
    find_current,
    find_series,
    is_known,
    put_imported,
)
from melder_routing.store.region_bodies import find_bodies_by_key
from melder_routing.store.regions import lock_region

SHOWN = 8
"""How many mistakes of one kind are named; more would hide the first."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator said about a file; what is left empty follows from the file.

    ``key``, ``name``, ``crs`` and ``table`` as in ``read_boundary_file``, the rest as in
    ``BoundaryDraft``.
    """

    key: str | None = None
    name: str = "GEN"
    crs: str | None = None
    table: str | None = None
    source: str | None = None
    layer: str | None = None
    version: str | None = None
    attribution: str | None = None
    valid_from: date | None = None


async def import_boundaries(
    unit: UnitOfWork, path: Path, wishes: Wishes, *, today: date
) -> BoundaryReport:
    """Bring ``path`` in and say what it changed; the same file again changes nothing.

    Raises BoundaryFileRefused, BoundaryVersionChanged or BoundariesOutOfOrder; then nothing is
    written.
    """
    await lock_region(unit.connection)
    features = _read(path, wishes)
    draft = await _draft(unit.connection, path, wishes, features, today)
    known = await is_known(unit.connection, draft, file_digest(features))
    report = await _examine(unit.connection, path.name, draft, features)
    if known:
        return replace(report, known_already=True)
    await put_imported(unit.connection, draft, file_digest(features))
    return replace(report, written=True)


async def check_boundaries(
    connection: AsyncConnection, path: Path, wishes: Wishes, *, today: date
) -> BoundaryReport:
    """What ``import_boundaries`` would say; only a table of this transaction is written."""
    features = _read(path, wishes)
    draft = await _draft(connection, path, wishes, features, today)
    known = await is_known(connection, draft, file_digest(features))
    report = await _examine(connection, path.name, draft, features)
    return replace(report, known_already=known)


def _read(path: Path, wishes: Wishes) -> tuple[Feature, ...]:
    features = read_boundary_file(
        path, key=wishes.key, name=wishes.name, crs=wishes.crs, table=wishes.table
    )
    _refuse(path, key_mistakes(features))
    _refuse(path, source_mistakes(features))
    return features


async def _draft(
    connection: AsyncConnection,
    path: Path,
    wishes: Wishes,
    features: Sequence[Feature],
    today: date,
) -> BoundaryDraft:
    layer = wishes.layer or layer_of(features)
    if layer is None:
        raise BoundaryFileRefused(
            f"{path.name}: the keys do not tell the layer; name it: --layer gemeinde"
        )
    series = await find_series(connection)
    source = wishes.source or _only_source(path, layer, series)
    known = next((one for one in series if one.source == source), None)
    if known is not None and known.layer != layer:
        raise BoundaryFileRefused(
            f"{path.name} has areas of the layer {layer}, but {source} is {known.layer}; "
            "name another --source, or bring the right file"
        )
    valid_from = wishes.valid_from or (today if known else None)
    return BoundaryDraft(
        source=source,
        layer=layer,
        version=wishes.version or _version(path, valid_from),
        attribution=wishes.attribution or (known.attribution if known else path.name),
        general=known.general if known else True,
        valid_from=valid_from,
    )


def _only_source(path: Path, layer: str, series: Iterable[Series]) -> str:
    same = sorted(one.source for one in series if one.layer == layer)
    if len(same) > 1:
        raise BoundaryFileRefused(
            f"{path.name}: several sources have the layer {layer}; name the one that it continues: "
            + ", ".join(f"--source {name}" for name in same)
        )
    return same[0] if same else layer


def _version(path: Path, valid_from: date | None) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "boundaries"
    return f"{words}-{valid_from.isoformat()}" if valid_from else words


async def _examine(
    connection: AsyncConnection, file: str, draft: BoundaryDraft, features: Sequence[Feature]
) -> BoundaryReport:
    await put_draft(connection, features)
    areas = await find_draft(connection)
    shapes = shapely.from_wkb([area.wkb for area in areas])
    _refuse(Path(file), _lost(areas, shapes))
    _refuse(Path(file), place_mistakes([area.key for area in areas], shapes))
    current = await find_current(connection, draft.source, draft.valid_from)
    bodies = await find_bodies_by_key(connection)
    coverage = check_coverage([area.key for area in areas], shapes)
    parts = shapely.get_num_geometries(shapes)
    counted = Counter(area.key for area in areas)
    return BoundaryReport(
        file=file,
        draft=draft,
        crs=", ".join(sorted({feature.crs for feature in features})),
        features=len(features),
        several_parts=int((parts > 1).sum()),
        with_holes=sum(_has_hole(shape) for shape in shapes),
        repaired=tuple(Repaired(a.key, a.name, a.reason) for a in areas if a.reason is not None),
        duplicates=tuple((key, number) for key, number in counted.items() if number > 1),
        gaps=coverage.gaps,
        overlaps=coverage.overlaps,
        comparison=compare(areas, shapes, current, bodies),
    )


def _has_hole(shape: Any) -> bool:
    return any(len(part.interiors) for part in shape.geoms)


def _lost(areas: Sequence[DraftArea], shapes: Any) -> Iterable[str]:
    for area, empty in zip(areas, shapely.is_empty(shapes), strict=True):
        if empty:
            yield (
                f"{area.key} {area.name} has no area left after repair ({area.reason}); "
                "bring a better file"
            )


def _refuse(path: Path, mistakes: Iterable[str]) -> None:
    found = list(mistakes)
    if found:
        more = [f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise BoundaryFileRefused(
            "\n".join(f"{path.name}: {one}" for one in (*found[:SHOWN], *more))
        )
