"""Tables of the registers: roads, assets, and agreements between bodies (0001, 0004, 0010).

Each row of ``register`` is a state that one import brought from one source, with its days.
Geometries are WGS 84 with the same in EPSG:25832 beside them, as in ``region_tables``.
"""

from datetime import date

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from melder_common.geo import METRIC, WGS84
from melder_common.geometry_column import Geometry
from melder_routing.store.metadata import METADATA, SCHEMA


def _metric(kind: str) -> Column[str]:
    return Column(
        "metric",
        Geometry(kind, METRIC),
        Computed("ST_Transform(geom, 25832)", persisted=True),
        nullable=False,
    )


def _days() -> tuple[Column[date], Column[date]]:
    return Column("valid_from", Date), Column("valid_to", Date)


register = Table(
    "register",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("attribution", Text, nullable=False, server_default=""),
    Column("entries", Integer, nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    *_days(),
)

asset = Table(
    "asset",
    METADATA,
    Column("entry", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("geom", Geometry("Geometry", WGS84), nullable=False),
    _metric("Geometry"),
    Column("operator_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    *_days(),
    Index("asset_once", "id", "valid_from", unique=True, postgresql_nulls_not_distinct=True),
    Index("asset_geom", "geom", postgresql_using="gist"),
    Index("asset_source", "source"),
    Index("asset_operator", "operator_id"),
)

road_segment = Table(
    "road_segment",
    METADATA,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("layer", Text),
    Column("source", Text, nullable=False, server_default=""),
    Column("name", Text),
    Column("road_class", Text, nullable=False),
    Column("in_town", Boolean, nullable=False),
    Column("authority_id", Uuid, ForeignKey(f"{SCHEMA}.body.id")),
    Column("geom", Geometry("LineString", WGS84), nullable=False),
    _metric("LineString"),
    *_days(),
    Index("road_segment_metric", "metric", postgresql_using="gist"),
    Index("road_segment_source", "source"),
    Index("road_segment_authority", "authority_id"),
)

agreement = Table(
    "agreement",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("first_body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("second_body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("leading_body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("geom", Geometry("MultiPolygon", WGS84), nullable=False),
    _metric("MultiPolygon"),
    Column("categories", ARRAY(Text), nullable=False, server_default="{}"),
    Column("category_groups", ARRAY(Text), nullable=False, server_default="{}"),
    Column("because", JSONB, nullable=False, server_default="{}"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Index("agreement_metric", "metric", postgresql_using="gist"),
    Index("agreement_geom", "geom", postgresql_using="gist"),
)
