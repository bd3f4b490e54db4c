"""What lies around many points at once: one statement, answered by two GiST indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84, Coordinate, metric_sql
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.borders import SIGHT_M


@dataclass(frozen=True, slots=True)
class Spot:
    """A point and the day for which areas must be valid."""

    coordinate: Coordinate
    day: date


SURROUNDINGS = text(
    f"""
    WITH spot AS (
        SELECT n, day, geom, {metric_sql("geom")} AS metric
        FROM (
            SELECT n, day, ST_SetSRID(ST_MakePoint(long, lat), {WGS84}) AS geom
            FROM unnest(CAST(:longs AS float8[]), CAST(:lats AS float8[]), CAST(:days AS date[]))
                 WITH ORDINALITY AS given (long, lat, day, n)
        ) AS point
    ),
    near AS (
        SELECT spot.n, area.id, area.body_id, area.layer, area.name, area.ars, area.area_m2,
               area.general, area.boundary_version, spot.metric,
               ST_Covers(area.geom, spot.geom) AS contains,
               ST_Distance(area.metric, spot.metric) AS distance_m
        FROM spot
        JOIN routing.jurisdiction AS area
          ON ST_DWithin(area.metric, spot.metric, :sight)
         AND (area.valid_from IS NULL OR area.valid_from <= spot.day)
         AND (area.valid_to IS NULL OR area.valid_to >= spot.day)
    ),
    counted AS (
        SELECT near.*, body.slug,
               count(*) FILTER (WHERE contains) OVER (PARTITION BY n, layer) AS same_layer
        FROM near JOIN routing.body ON body.id = near.body_id
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
    )
    SELECT spot.n,
           region.rules_version,
           ST_Covers(region.reception, spot.geom) AS received,
           coalesce(ST_Covers(region.excluded, spot.geom), false) AS excluded,
           coalesce(ST_Covers(region.waters, spot.geom), false) AS in_waters,
           areas.list AS areas,
           own.list AS own_rules
    FROM spot
    CROSS JOIN routing.region
    LEFT JOIN areas USING (n)
    LEFT JOIN own USING (n)
    ORDER BY spot.n
    """
)
"""Metres are those of EPSG:25832; containment is that of WGS 84, as the sources have it."""


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
                "sight": SIGHT_M,
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
    )


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
