"""Writing agreements between bodies, with the stretch of border that each is about."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84
from melder_routing.domain.duty_entries import AgreementEntry
from melder_routing.domain.keys import body_id
from melder_routing.domain.region import Region
from melder_routing.domain.region_areas import RegionAreas
from melder_routing.store.region_geometry import unite_features
from melder_routing.store.register_tables import agreement


class NoCommonBorder(ValueError):
    """An agreement between bodies whose areas do not meet; the message names both."""


_STRETCH = text(
    f"""
    WITH area AS (
        SELECT body_id, ST_Buffer(ST_Union(metric), :within_m) AS reach
        FROM routing.jurisdiction WHERE body_id IN (:first, :second) AND general
        GROUP BY body_id
    )
    SELECT ST_AsEWKT(stretch) FROM (
        SELECT ST_Multi(ST_CollectionExtract(
            ST_MakeValid(ST_Transform(ST_Intersection(one.reach, other.reach), {WGS84})), 3
        )) AS stretch
        FROM area AS one JOIN area AS other ON one.body_id = :first AND other.body_id = :second
    ) AS drawn WHERE NOT ST_IsEmpty(stretch)
    """
)


async def put_agreements(connection: AsyncConnection, region: Region, areas: RegionAreas) -> None:
    """Let the agreements be exactly those of the file. Raises NoCommonBorder."""
    await connection.execute(delete(agreement))
    for position, entry in enumerate(region.agreements):
        features = areas.agreed.get(position, ())
        stretch = (
            await unite_features(connection, features)
            if features
            else await _find_stretch(connection, entry)
        )
        await connection.execute(insert(agreement), [_row(entry, position, stretch)])


async def _find_stretch(connection: AsyncConnection, entry: AgreementEntry) -> str:
    first, second = (body_id(slug) for slug in entry.between)
    parties = {"first": first, "second": second, "within_m": float(entry.within_m)}
    stretch: str | None = await connection.scalar(_STRETCH, parties)
    if stretch is None:
        raise NoCommonBorder(
            f"agreements: the areas of {entry.between[0]} and {entry.between[1]} do not meet "
            f"within {entry.within_m} m; correct between, raise within_m, or draw it with own"
        )
    return stretch


def _row(entry: AgreementEntry, position: int, stretch: str) -> dict[str, object]:
    return {
        "id": uuid5(NAMESPACE_URL, f"agreement:{position}:{entry.model_dump_json()}"),
        "first_body_id": body_id(entry.between[0]),
        "second_body_id": body_id(entry.between[1]),
        "leading_body_id": body_id(entry.leading),
        "geom": stretch,
        "categories": list(entry.categories),
        "category_groups": list(entry.groups),
        "because": entry.because or {},
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
    }
