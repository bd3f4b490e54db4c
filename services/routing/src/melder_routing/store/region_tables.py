"""Tables of the region: bodies, areas, competences, categories, queues.

Geometries are WGS 84; ``metric`` columns are the same in EPSG:25832, kept by PostgreSQL, so that
no query transforms a polygon. What cases may refer to is marked removed, never deleted. Ids follow
from slugs (``domain/keys.py``).
"""

from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from melder_common.geo import METRIC, WGS84
from melder_common.geometry_column import Geometry
from melder_routing.store.metadata import METADATA, SCHEMA


def _areas() -> Geometry:
    return Geometry("MultiPolygon", WGS84)


def _metric(kind: str = "MultiPolygon") -> Geometry:
    return Geometry(kind, METRIC)


def _piece_of() -> Column[UUID]:
    return Column(
        "jurisdiction_id",
        Uuid,
        ForeignKey(f"{SCHEMA}.jurisdiction.id", ondelete="CASCADE"),
        nullable=False,
    )


body = Table(
    "body",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("place_name", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ars", Text),
    Column("parent_id", Uuid, ForeignKey(f"{SCHEMA}.body.id")),
    Column("participation", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False, server_default="{}"),
    Column("languages", ARRAY(Text), nullable=False, server_default="{de}"),
    Column("contact", JSONB, nullable=False, server_default="{}"),
    Column("on_call", JSONB, nullable=False, server_default="{}"),
    Column("branding", JSONB, nullable=False, server_default="{}"),
    Column("population", Integer),
    Column("succeeded_by", Uuid, ForeignKey(f"{SCHEMA}.body.id")),
    Column("succeeded_on", Date),
    Column("removed_at", DateTime(timezone=True)),
)

queue = Table(
    "queue",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("removed_at", DateTime(timezone=True)),
)

category = Table(
    "category",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", JSONB, nullable=False),
    Column("group_slug", Text, nullable=False),
    Column("group_name", JSONB, nullable=False),
    Column("description", JSONB, nullable=False, server_default="{}"),
    Column("keywords", ARRAY(Text), nullable=False, server_default="{}"),
    Column("policy_text", Text, nullable=False),
    Column("policy_photo", Text, nullable=False),
    Column("policy_place", Text, nullable=False),
    Column("hazard", Boolean, nullable=False, server_default="false"),
    Column("asset_types", ARRAY(Text), nullable=False, server_default="{}"),
    Column("type", Text, nullable=False, server_default="realtime"),
    Column("position", Integer, nullable=False),
    Column("due_days", Integer, nullable=False, server_default="10"),
    Column("removed_at", DateTime(timezone=True)),
)

question = Table(
    "question",
    METADATA,
    Column(
        "category_id",
        Uuid,
        ForeignKey(f"{SCHEMA}.category.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("code", Text, primary_key=True),
    Column("datatype", Text, nullable=False),
    Column("text", JSONB, nullable=False),
    Column("hint", JSONB, nullable=False, server_default="{}"),
    Column("required", Boolean, nullable=False, server_default="false"),
    Column("variable", Boolean, nullable=False, server_default="true"),
    Column("position", Integer, nullable=False),
    Column("choices", JSONB, nullable=False, server_default="[]"),
)

boundary_version = Table(
    "boundary_version",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("attribution", Text, nullable=False),
    Column("digests", JSONB, nullable=False, server_default="{}"),
    Column("imported_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

boundary_area = Table(
    "boundary_area",
    METADATA,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("source", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("general", Boolean, nullable=False, server_default="true"),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("geom", _areas(), nullable=False),
    Column("digest", Text, nullable=False),
    Column("boundary_version", Text, ForeignKey(f"{SCHEMA}.boundary_version.id"), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Index("boundary_area_source", "source", "key"),
)

jurisdiction = Table(
    "jurisdiction",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("layer", Text, nullable=False),
    Column("general", Boolean, nullable=False, server_default="true"),
    Column("ars", Text),
    Column("name", Text, nullable=False),
    Column("geom", _areas(), nullable=False),
    Column(
        "metric", _metric(), Computed("ST_Transform(geom, 25832)", persisted=True), nullable=False
    ),
    Column(
        "area_m2",
        Float,
        Computed("ST_Area(ST_Transform(geom, 25832))", persisted=True),
        nullable=False,
    ),
    Column("digest", Text, nullable=False),
    Column("boundary_version", Text, ForeignKey(f"{SCHEMA}.boundary_version.id"), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("source", Text, nullable=False, server_default=""),
    Column("key", Text, nullable=False, server_default=""),
    Column("area_id", Uuid, ForeignKey(f"{SCHEMA}.boundary_area.id", ondelete="CASCADE")),
    Column("whole_m2", Float),
    Index("jurisdiction_geom", "geom", postgresql_using="gist"),
    Index("jurisdiction_metric", "metric", postgresql_using="gist"),
    Index("jurisdiction_body", "body_id"),
    Index("jurisdiction_area", "area_id", postgresql_where=text("area_id IS NOT NULL")),
)

area_claim = Table(
    "area_claim",
    METADATA,
    Column("body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("key", Text, primary_key=True),
)

jurisdiction_piece = Table(
    "jurisdiction_piece",
    METADATA,
    _piece_of(),
    Column("geom", Geometry("Polygon", WGS84), nullable=False),
    Index("jurisdiction_piece_geom", "geom", postgresql_using="gist"),
    Index("jurisdiction_piece_of", "jurisdiction_id"),
)

jurisdiction_metric_piece = Table(
    "jurisdiction_metric_piece",
    METADATA,
    _piece_of(),
    Column("metric", Geometry("Polygon", METRIC), nullable=False),
    Index("jurisdiction_metric_piece_metric", "metric", postgresql_using="gist"),
    Index("jurisdiction_metric_piece_of", "jurisdiction_id"),
)

competence = Table(
    "competence",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("category_id", Uuid, ForeignKey(f"{SCHEMA}.category.id")),
    Column("category_group", Text),
    Column("area", Text, nullable=False),
    Column("geom", _areas()),
    Column("metric", _metric(), Computed("ST_Transform(geom, 25832)", persisted=True)),
    Column("area_m2", Float, Computed("ST_Area(ST_Transform(geom, 25832))", persisted=True)),
    Column("condition", JSONB, nullable=False, server_default="{}"),
    Column("performs_for", ARRAY(Text), nullable=False, server_default="{}"),
    Column("because", JSONB, nullable=False, server_default="{}"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Index(
        "competence_geom",
        "geom",
        postgresql_using="gist",
        postgresql_where=text("geom IS NOT NULL"),
    ),
    Index("competence_body", "body_id"),
)

body_queue = Table(
    "body_queue",
    METADATA,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("category_id", Uuid, ForeignKey(f"{SCHEMA}.category.id")),
    Column("category_group", Text),
    Column("queue_id", Uuid, ForeignKey(f"{SCHEMA}.queue.id"), nullable=False),
    UniqueConstraint(
        "body_id",
        "category_id",
        "category_group",
        name="body_queue_once",
        postgresql_nulls_not_distinct=True,
    ),
)

region = Table(
    "region",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("jurisdiction_id", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="de"),
    Column("contact", JSONB, nullable=False, server_default="{}"),
    Column("emergency", JSONB, nullable=False, server_default="{}"),
    Column("texts", JSONB, nullable=False, server_default="{}"),
    Column("retention", JSONB, nullable=False, server_default="{}"),
    Column("margin_m", Integer, nullable=False),
    Column("outline", _areas(), nullable=False),
    Column("reception", _areas(), nullable=False),
    Column("excluded", _areas()),
    Column("waters", _areas()),
    Column("clearing_queue_id", Uuid, ForeignKey(f"{SCHEMA}.queue.id"), nullable=False),
    Column("clearing_body_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("clearing_deputy_id", Uuid, ForeignKey(f"{SCHEMA}.body.id"), nullable=False),
    Column("holidays", JSONB, nullable=False, server_default="{}"),
    Column("boundary_version", Text, nullable=False),
    Column("digests", JSONB, nullable=False, server_default="{}"),
    Column("rules_version", Integer, nullable=False, server_default="1"),
    Column("catalogue_version", Integer, nullable=False, server_default="0"),
    Column("catalogue_digest", Text, nullable=False, server_default=""),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
