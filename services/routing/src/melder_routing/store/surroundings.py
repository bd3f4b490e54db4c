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

REACH_OF_DEGREES_M = 500
"""Areas farther away in metres cannot contain a point in degrees either.

A straight edge in degrees is bent in metres; it would have to be 150 km long to be this far off.
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point, the day for which areas must be valid, and the number of the asset named there."""

    coordinate: Coordinate
    day: date
    asset: str | None = None


SURROUNDINGS = text(
    f"""
    WITH spot AS (
        SELECT n, day, asset, geom, {metric_sql("geom")} AS metric
        FROM (
            SELECT n, day, asset, ST_SetSRID(ST_MakePoint(long, lat), {WGS84}) AS geom
            FROM unnest(CAST(:longs AS float8[]), CAST(:lats AS float8[]),
                        CAST(:days AS date[]), CAST(:assets AS text[]))
                 WITH ORDINALITY AS given (long, lat, day, asset, n)
        ) AS point
    ),
    near AS MATERIALIZED (
        SELECT spot.n, area.id, area.body_id, area.layer, area.name, area.ars,
               (SELECT sum(part.area_m2) FROM routing.jurisdiction AS part
                 WHERE part.body_id = area.body_id AND part.layer = area.layer
                   AND part.key = area.key AND part.boundary_version = area.boundary_version
               ) AS area_m2,
               area.general, area.boundary_version, spot.metric,
               far.distance_m <= {REACH_OF_DEGREES_M} AND ST_Covers(area.geom, spot.geom)
                   AS contains,
               far.distance_m
        FROM spot
        JOIN routing.jurisdiction AS area
          ON area.metric && ST_Expand(spot.metric, :sight)
         AND (area.valid_from IS NULL OR area.valid_from <= spot.day)
         AND (area.valid_to IS NULL OR area.valid_to >= spot.day)
        CROSS JOIN LATERAL (SELECT ST_Distance(area.metric, spot.metric) AS distance_m OFFSET 0)
             AS far
        WHERE far.distance_m <= :sight
    ),
    counted AS (
        SELECT near.*, body.slug,
               count(*) FILTER (WHERE contains) OVER (PARTITION BY n, layer) AS same_layer
        FROM near
        JOIN routing.body AS holder ON holder.id = near.body_id
        JOIN routing.body ON body.id = coalesce(holder.succeeded_by, holder.id)
    ),
    areas AS (
        SELECT n, jsonb_agg(jsonb_build_array(
            slug, layer, name, ars, area_m2, contains, distance_m, boundary_version, general,
            CASE WHEN contains AND same_layer > 1
                 THEN (SELECT ST_Distance(ST_Boundary(shape.metric), counted.metric)
                       FROM routing.jurisdiction AS shape WHERE shape.id = counted.id) END
        )) AS list
        FROM counted GROUP BY n
    ),
    own AS (
        SELECT spot.n, jsonb_agg(competence.id) AS list
        FROM spot
        JOIN routing.competence ON competence.geom IS NOT NULL
         AND ST_Covers(competence.geom, spot.geom)
        GROUP BY spot.n
    ),
    roads AS (
        SELECT spot.n, jsonb_agg(jsonb_build_array(
            segment.road_class, segment.in_town, ST_Distance(segment.metric, spot.metric),
            authority.slug, segment.name)) AS list
        FROM spot
        JOIN routing.road_segment AS segment ON ST_DWithin(segment.metric, spot.metric, :snap)
        LEFT JOIN routing.body AS named ON named.id = segment.authority_id
        LEFT JOIN routing.body AS authority
          ON authority.id = coalesce(named.succeeded_by, named.id)
        GROUP BY spot.n
    ),
    agreed AS (
        SELECT spot.n, jsonb_agg(agreement.id) AS list
        FROM spot JOIN routing.agreement ON ST_Covers(agreement.geom, spot.geom)
        GROUP BY spot.n
    ),
    named AS (
        SELECT spot.n, jsonb_build_array(asset.id, asset.type, operator.slug,
            ST_Distance(asset.metric, spot.metric)) AS asset
        FROM spot
        JOIN routing.asset ON asset.id = spot.asset
        JOIN routing.body AS holder ON holder.id = asset.operator_id
        JOIN routing.body AS operator ON operator.id = coalesce(holder.succeeded_by, holder.id)
    )
    SELECT spot.n,
           region.rules_version,
           ST_Covers(region.reception, spot.geom) AS received,
           coalesce(ST_Covers(region.excluded, spot.geom), false) AS excluded,
           coalesce(ST_Covers(region.waters, spot.geom), false) AS in_waters,
           areas.list AS areas,
           own.list AS own_rules,
           roads.list AS roads,
           agreed.list AS agreements,
           named.asset
    FROM spot
    CROSS JOIN routing.region
    LEFT JOIN areas USING (n)
    LEFT JOIN own USING (n)
    LEFT JOIN roads USING (n)
    LEFT JOIN agreed USING (n)
    LEFT JOIN named USING (n)
    ORDER BY spot.n
    """
)
"""Metres are those of EPSG:25832; containment is that of WGS 84, as the sources have it.

An area is as large as all features of its key: an Amt's piece of a lagoon is no small area.
``near`` is materialised and measures each distance once: no polygon is sorted or read again.
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
