"""Writing the geometry of a region: PostGIS transforms, repairs, unites and buffers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import MultiPolygon
from melder_common.geo import METRIC, WGS84
from melder_routing.domain.keys import body_id
from melder_routing.domain.region import Region
from melder_routing.domain.region_areas import BodyArea, Feature, RegionAreas
from melder_routing.store.region_rows import competence_row, in_chunks, not_among
from melder_routing.store.region_tables import boundary_version, competence, jurisdiction

PRECISION_DEGREES = 1e-6
"""Coordinates of derived areas are rounded to this: a tenth of a metre."""


def degrees_sql(wkb: str, crs: str) -> str:
    """SQL of the geometry ``wkb`` in ``crs`` (both names of columns) as it is, in WGS 84."""
    plain = f"ST_Force2D(ST_GeomFromWKB({wkb}))"
    return (
        f"CASE WHEN {crs} IN ('EPSG:4326', 'OGC:CRS84') THEN ST_SetSRID({plain}, {WGS84}) "
        f"ELSE ST_Transform({plain}, {crs}, {WGS84}) END"
    )


def area_sql(degrees: str) -> str:
    """SQL of a valid MultiPolygon out of ``degrees``, a column in WGS 84.

    Repairs like a coverage is meant: holes and parts stay, lines and points left over go. What is
    valid is left as it is: repairing all of Germany would take minutes.
    """
    repaired = f"ST_MakeValid({degrees}, 'method=structure keepcollapsed=false')"
    valid = f"CASE WHEN ST_IsValid({degrees}) THEN {degrees} ELSE {repaired} END"
    return f"ST_Multi(ST_CollectionExtract({valid}, 3))"


class BoundaryVersionChanged(ValueError):
    """A boundary file with other content under a name that is taken."""


class EmptyArea(ValueError):
    """A feature without any area after repair; the message names it."""


@dataclass(frozen=True, slots=True)
class DerivedAreas:
    """The outline and the reception area as GeoJSON coordinates, longitude first."""

    outline: MultiPolygon
    reception: MultiPolygon


async def put_boundary_versions(
    connection: AsyncConnection, region: Region, digests: Mapping[str, str]
) -> None:
    """Note each version with its files' ``digests`` (by source id); a version never changes.

    Raises BoundaryVersionChanged.
    """
    known = await connection.execute(select(boundary_version.c.id, boundary_version.c.digests))
    files: dict[str, dict[str, str]] = {row.id: dict(row.digests) for row in known}
    attributions: dict[str, list[str]] = {}
    for source in region.boundaries:
        noted = files.setdefault(source.version, {}).setdefault(source.id, digests[source.id])
        if noted != digests[source.id]:
            raise BoundaryVersionChanged(
                f"{source.file} differs from what was applied as {source.version}: cases remember "
                "the version they were routed by, so give the changed file a new version"
            )
        attributions.setdefault(source.version, []).append(source.attribution)
    rows = [
        {"id": version, "attribution": "; ".join(dict.fromkeys(by)), "digests": files[version]}
        for version, by in attributions.items()
    ]
    statement = upsert(boundary_version)
    new = {name: statement.excluded[name] for name in ("attribution", "digests")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=new), rows)


async def put_jurisdictions(connection: AsyncConnection, areas: Sequence[BodyArea]) -> None:
    """Let the region file's areas be exactly ``areas``; unchanged geometry is left alone.

    Imported areas stay; ``boundary_imports.settle_imports`` follows. Raises EmptyArea.
    """
    rows = [_jurisdiction(area) for area in areas]
    ids = [row["id"] for row in rows]
    gone = (not_among(jurisdiction, ids), jurisdiction.c.area_id.is_(None))
    await connection.execute(delete(jurisdiction).where(*gone))
    for some in in_chunks(rows):
        await connection.execute(_JURISDICTION, some)
    empty = await connection.scalar(
        text("SELECT name FROM routing.jurisdiction WHERE ST_IsEmpty(geom) LIMIT 1")
    )
    if empty is not None:
        raise EmptyArea(f"{empty} has no area left after repair; bring a better boundary file")


_JURISDICTION = text(
    f"""
    INSERT INTO routing.jurisdiction
        (id, body_id, layer, general, ars, name, geom, digest, boundary_version,
         valid_from, valid_to, source, key)
    SELECT :id, :body_id, :layer, :general, :ars, :name,
           {area_sql("given.degrees")},
           :digest, :boundary_version, :valid_from, :valid_to, :source, :key
    FROM (SELECT {degrees_sql("CAST(:wkb AS bytea)", "CAST(:crs AS text)")} AS degrees OFFSET 0)
         AS given
    ON CONFLICT (id) DO UPDATE SET
        layer = excluded.layer, general = excluded.general, ars = excluded.ars,
        name = excluded.name, boundary_version = excluded.boundary_version,
        valid_from = excluded.valid_from, valid_to = excluded.valid_to,
        source = excluded.source, key = excluded.key
    """
)


def _jurisdiction(area: BodyArea) -> dict[str, Any]:
    source, feature = area.source, area.feature
    return {
        "id": _area_id(area),
        "body_id": body_id(area.body),
        "layer": area.layer,
        "general": area.general,
        "ars": feature.key if feature.key.isdecimal() else None,
        "name": feature.name,
        "wkb": feature.wkb,
        "crs": feature.crs,
        "digest": feature.digest,
        "boundary_version": source.version,
        "valid_from": source.valid_from,
        "valid_to": source.valid_to,
        "source": source.id,
        "key": feature.key,
    }


def _area_id(area: BodyArea) -> UUID:
    named = f"jurisdiction:{area.body}:{area.source.id}:{area.feature.key}:{area.feature.digest}"
    return uuid5(NAMESPACE_URL, named)


async def put_competences(connection: AsyncConnection, region: Region, areas: RegionAreas) -> None:
    """Let the competences be exactly those of the file."""
    await connection.execute(delete(competence))
    for position, entry in enumerate(region.competences):
        row = competence_row(entry, position)
        if position in areas.own:
            row["geom"] = await unite_features(connection, areas.own[position])
        await connection.execute(insert(competence), [row])


async def unite_features(connection: AsyncConnection, features: Sequence[Feature]) -> str:
    """One MultiPolygon out of ``features``, as EWKT."""
    united: str = await connection.scalar(
        text(f"SELECT ST_AsEWKT({_UNITED}) FROM {_GIVEN}"), _given(features)
    )
    return united


_GIVEN = f"""(
    SELECT {degrees_sql("wkb", "crs")} AS degrees
    FROM unnest(CAST(:wkbs AS bytea[]), CAST(:crss AS text[])) AS read (wkb, crs) OFFSET 0
) AS given"""
_UNITED = f"ST_Multi(ST_CollectionExtract(ST_UnaryUnion(ST_Collect({area_sql('degrees')})), 3))"


def _given(features: Sequence[Feature], suffix: str = "") -> dict[str, Any]:
    return {
        f"wkbs{suffix}": [feature.wkb for feature in features],
        f"crss{suffix}": [feature.crs for feature in features],
    }


def _united_sql(suffix: str) -> str:
    given = _GIVEN.replace(":wkbs", f":wkbs{suffix}").replace(":crss", f":crss{suffix}")
    return f"(SELECT {_UNITED} FROM {given})"


_RECEPTION = f"""
    ST_Multi(ST_CollectionExtract(ST_ReducePrecision(ST_Difference(
        ST_Transform(ST_Buffer(ST_Transform(united.outline, {METRIC}), :margin_m, 4), {WGS84}),
        coalesce(united.excluded, ST_GeomFromText('MULTIPOLYGON EMPTY', {WGS84}))
    ), {PRECISION_DEGREES}), 3))
"""

_DERIVE = text(
    f"""
    WITH united AS (
        SELECT {_united_sql("_outline")} AS outline,
               {_united_sql("_excluded")} AS excluded,
               {_united_sql("_waters")} AS waters
    )
    UPDATE routing.region SET
        outline = united.outline, excluded = united.excluded, waters = united.waters,
        reception = {_RECEPTION}
    FROM united
    """
)


async def put_region_areas(connection: AsyncConnection, region: Region, areas: RegionAreas) -> None:
    """Derive outline and reception area anew; the region's row must exist."""
    await connection.execute(
        _DERIVE,
        {
            "margin_m": region.region.margin_m,
            **_given(areas.outline, "_outline"),
            **_given(areas.excluded, "_excluded"),
            **_given(areas.waters, "_waters"),
        },
    )


async def find_region_areas(connection: AsyncConnection) -> DerivedAreas:
    """The outline and reception area as they are stored."""
    row = (
        await connection.execute(
            text(
                "SELECT ST_AsGeoJSON(outline, 6) AS outline,"
                " ST_AsGeoJSON(reception, 6) AS reception FROM routing.region"
            )
        )
    ).one()
    return DerivedAreas(_coordinates(row.outline), _coordinates(row.reception))


def _coordinates(geojson: str) -> MultiPolygon:
    coordinates: MultiPolygon = orjson.loads(geojson)["coordinates"]
    return coordinates
