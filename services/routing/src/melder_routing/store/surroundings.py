"""What lies around many points at once: one statement, answered by the GiST indexes.

Areas in sight, roads within the snap distance, agreements and own areas that contain the point,
and the asset that was named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84, Coordinate, metric_sql
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.borders import SIGHT_M
from melder_routing.domain.site import ROAD_SNAP_M, Asset, Road

EDGE_DEGREES = 1e-9
"""Within a tenth of a millimetre of an edge the pieces cannot tell: the whole area is asked."""


def _on_the_day_sql(table: str) -> str:
    return (
        f"({table}.valid_from IS NULL OR {table}.valid_from <= spot.day) "
        f"AND ({table}.valid_to IS NULL OR {table}.valid_to >= spot.day)"
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """A point, the day for which areas must be valid, and the number of the asset named there."""

    coordinate: Coordinate
    day: date
    asset: str | None = None


_NEAR = f"""
    SELECT area.id, area.body_id, area.layer, area.name, area.ars, area.general,
           area.boundary_version, far.distance_m,
           coalesce(area.whole_m2, area.area_m2) AS area_m2,
           CASE WHEN inside.at_an_edge THEN ST_Covers(area.geom, spot.geom)
                ELSE inside.id IS NOT NULL END AS contains
    FROM (
        SELECT piece.jurisdiction_id AS id,
               min(ST_Distance(piece.metric, spot.metric)) AS distance_m
        FROM routing.jurisdiction_metric_piece AS piece
        WHERE piece.metric && ST_Expand(spot.metric, :sight)
        GROUP BY piece.jurisdiction_id
        HAVING min(ST_Distance(piece.metric, spot.metric)) <= :sight
        OFFSET 0
    ) AS far
    JOIN routing.jurisdiction AS area ON area.id = far.id AND {_on_the_day_sql("area")}
    LEFT JOIN (
        SELECT piece.jurisdiction_id AS id,
               bool_or(ST_DWithin(ST_Boundary(piece.geom), spot.geom, {EDGE_DEGREES})) AS at_an_edge
        FROM routing.jurisdiction_piece AS piece
        WHERE ST_DWithin(piece.geom, spot.geom, {EDGE_DEGREES})
        GROUP BY piece.jurisdiction_id
        OFFSET 0
    ) AS inside ON inside.id = far.id
"""

_AREAS = f"""
    SELECT jsonb_agg(jsonb_build_array(
        body.slug, layer, near.name, near.ars, area_m2, contains, distance_m, boundary_version,
        general,
        CASE WHEN contains AND same_layer > 1
             THEN (SELECT ST_Distance(ST_Boundary(shape.metric), spot.metric)
                   FROM routing.jurisdiction AS shape WHERE shape.id = near.id) END
    ))
    FROM (SELECT one.*, count(*) FILTER (WHERE contains) OVER (PARTITION BY layer) AS same_layer
          FROM ({_NEAR}) AS one) AS near
    JOIN routing.body AS holder ON holder.id = near.body_id
    JOIN routing.body ON body.id = coalesce(holder.succeeded_by, holder.id)
"""

_ROADS = f"""
    SELECT jsonb_agg(jsonb_build_array(
        segment.road_class, segment.in_town, ST_Distance(segment.metric, spot.metric),
        authority.slug, segment.name))
    FROM routing.road_segment AS segment
    LEFT JOIN routing.body AS named ON named.id = segment.authority_id
    LEFT JOIN routing.body AS authority ON authority.id = coalesce(named.succeeded_by, named.id)
    WHERE ST_DWithin(segment.metric, spot.metric, :snap) AND {_on_the_day_sql("segment")}
"""

_ASSET = f"""
    SELECT jsonb_build_array(asset.id, asset.type, operator.slug,
                             ST_Distance(asset.metric, spot.metric))
    FROM routing.asset
    JOIN routing.body AS holder ON holder.id = asset.operator_id
    JOIN routing.body AS operator ON operator.id = coalesce(holder.succeeded_by, holder.id)
    WHERE routing.asset_key(asset.id) = routing.asset_key(spot.asset)
      AND {_on_the_day_sql("asset")}
    ORDER BY asset.id = spot.asset DESC, ST_Distance(asset.metric, spot.metric), asset.id
    LIMIT 1
"""

SURROUNDINGS = text(
    f"""
    WITH spot AS MATERIALIZED (
        SELECT n, day, asset, geom, {metric_sql("geom")} AS metric
        FROM (
            SELECT n, day, asset, ST_SetSRID(ST_MakePoint(long, lat), {WGS84}) AS geom
            FROM unnest(CAST(:longs AS float8[]), CAST(:lats AS float8[]),
                        CAST(:days AS date[]), CAST(:assets AS text[]))
                 WITH ORDINALITY AS given (long, lat, day, asset, n)
        ) AS point
    )
    SELECT spot.n,
           region.rules_version,
           ST_Covers(region.reception, spot.geom) AS received,
           coalesce(ST_Covers(region.excluded, spot.geom), false) AS excluded,
           coalesce(ST_Covers(region.waters, spot.geom), false) AS in_waters,
           ({_AREAS}) AS areas,
           (SELECT jsonb_agg(id) FROM routing.competence
             WHERE geom IS NOT NULL AND ST_Covers(geom, spot.geom)) AS own_rules,
           ({_ROADS}) AS roads,
           (SELECT jsonb_agg(id) FROM routing.agreement
             WHERE ST_Covers(geom, spot.geom)) AS agreements,
           ({_ASSET}) AS asset
    FROM spot
    CROSS JOIN routing.region
    ORDER BY spot.n
    """
)
"""Metres are those of EPSG:25832; containment is that of WGS 84, as the sources have it.

Each point asks for itself: sorting what all points see would carry polygons about. Areas are asked
by their pieces (migration 0009), which a page of memory holds; a Land's outline is 500 kB. An area
is as large as all features of its key: an Amt's piece of a lagoon is no small area.
"""


async def find_surroundings(
    connection: AsyncConnection, spots: Sequence[Spot]
) -> tuple[int | None, list[Surroundings]]:
    """The version of the rules and the surroundings of ``spots``, in their order.

    The version is empty while no region has been applied.
    """
    rows = (
        await connection.execute(
            SURROUNDINGS,
            {
                "longs": [spot.coordinate.long for spot in spots],
                "lats": [spot.coordinate.lat for spot in spots],
                "days": [spot.day for spot in spots],
                "assets": [spot.asset for spot in spots],
                "sight": SIGHT_M,
                "snap": ROAD_SNAP_M,
            },
        )
    ).all()
    version = rows[0].rules_version if rows else None
    return version, [_surroundings(row) for row in rows]


def _surroundings(row: Any) -> Surroundings:
    return Surroundings(
        received=row.received,
        excluded=row.excluded,
        in_waters=row.in_waters,
        areas=tuple(_area(values) for values in row.areas or ()),
        rules=frozenset(row.own_rules or ()),
        asset=Asset(*row.asset) if row.asset else None,
        roads=tuple(_road(values) for values in row.roads or ()),
        agreements=frozenset(row.agreements or ()),
    )


def _road(values: list[Any]) -> Road:
    road_class, in_town, distance_m, authority, name = values
    return Road(road_class, in_town, distance_m, authority, name)


def _area(values: list[Any]) -> Area:
    slug, layer, name, ars, area_m2, contains, distance_m, version, general, depth_m = values
    return Area(
        body=slug,
        layer=layer,
        name=name,
        ars=ars,
        area_m2=area_m2,
        contains=contains,
        distance_m=distance_m,
        boundary_version=version,
        depth_m=depth_m,
        general=general,
    )
