"""The tables of schema ``intake``. Migrations build them; a test compares both."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from melder_common.event_values import CLOSED_STATES
from melder_common.geometry_column import Geometry
from melder_common.tables import EventTables
from melder_intake.store import schema
from melder_intake.store.client_tables import api_client
from melder_intake.store.schema import SCHEMA, moment, report_id

metadata = schema.metadata
event_tables = EventTables(metadata, SCHEMA)

_closed_states = ", ".join(f"'{state}'" for state in sorted(CLOSED_STATES))
_on_earth = "lat BETWEEN -90 AND 90 AND long BETWEEN -180 AND 180"

report = Table(
    "report",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("number", String(8), nullable=False),
    Column("source", String(12), nullable=False),
    Column("api_client_id", Uuid, ForeignKey(api_client.c.client_id)),
    Column("category", Text, nullable=False),
    Column("lat", Double),
    Column("long", Double),
    Column("accuracy_m", Double),
    Column("address", Text),
    Column("address_id", Text),
    Column("asset_id", Text),
    Column("asset_type", Text),
    Column("title", Text),
    Column("description", Text),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    Column("media_link", Text),
    Column("hazard", Boolean, nullable=False),
    Column("language", String(16), nullable=False),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}"),
    Column("signals", ARRAY(Text), nullable=False, server_default="{}"),
    moment("submitted_at", nullable=False),
    moment("erase_after"),
    moment("erased_at"),
    UniqueConstraint("number"),
    CheckConstraint(_on_earth, name="on_earth"),
    CheckConstraint("lat IS NOT NULL OR erased_at IS NOT NULL", name="has_place"),
    Index("report_to_erase", "erase_after", postgresql_where=text("erased_at IS NULL")),
    Index("report_by_asset", "asset_id", postgresql_where=text("asset_id IS NOT NULL")),
    comment="As submitted: a trigger refuses every change but the erasure.",
)

report_photo = Table(
    "report_photo",
    metadata,
    report_id(primary_key=True),
    Column("photo_id", Uuid, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("upload_token", Text),
    Index("report_photo_by_photo", "photo_id"),
    comment="The photos a reporter claimed; the token shows them to nobody else.",
)

participation = Table(
    "participation",
    metadata,
    report_id(primary_key=True),
    moment("tracking_opened_at"),
    Column("fixed", Boolean),
    moment("feedback_at"),
    Column("reopen_requests", SmallInteger, nullable=False, server_default="0"),
    comment="What the reporter did since: opened the link, gave feedback, asked to reopen.",
)

comment = Table(
    "comment",
    metadata,
    Column("comment_id", Uuid, primary_key=True),
    report_id(),
    Column("source", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("answers", Uuid),
    Column("public", Boolean, nullable=False, server_default="false"),
    moment("written_at", nullable=False),
    Index("comment_of", "report_id", "written_at"),
    comment="What the reporter added on the tracking page or by mail; public only after review.",
)

supporter = Table(
    "supporter",
    metadata,
    report_id(primary_key=True),
    Column("person_hash", LargeBinary, primary_key=True),
    moment("supported_at", nullable=False),
    comment="Who has seen it too, as a keyed hash.",
)

spooled_photo = Table(
    "spooled_photo",
    metadata,
    Column("photo_id", Uuid, primary_key=True),
    Column("report_id", Uuid),
    Column("content_type", String(80), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    moment("spooled_at", nullable=False),
    Index("spooled_photo_drafts", "spooled_at", postgresql_where=text("report_id IS NULL")),
    comment="Files that came with a form; without a report they belong to a draft.",
)

photo_spool = Table(
    "photo_spool",
    metadata,
    Column(
        "photo_id",
        Uuid,
        ForeignKey(f"{SCHEMA}.spooled_photo.photo_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("piece", SmallInteger, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    comment="Their bytes, in pieces of 1 MB.",
)

# the public view: rebuilt from reports and snapshots

public_report = Table(
    "public_report",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("number", String(8), nullable=False),
    moment("submitted_at", nullable=False),
    moment("changed_at", nullable=False),
    moment("closed_at"),
    moment("erased_at"),
    Column("case_id", Uuid),
    Column("category", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decision", Text),
    Column("responsible_slug", Text),
    Column("responsible_name", Text),
    Column("working_slug", Text),
    Column("working_name", Text),
    Column("asked_slug", Text),
    Column("asked_name", Text),
    Column("bodies", ARRAY(Text), nullable=False, server_default="{}"),
    Column("municipality", Text),
    Column("border", Boolean, nullable=False, server_default="false"),
    Column("border_distance_m", Double),
    Column("reason", JSONB, nullable=False, server_default="{}"),
    Column("usual_days", Double),
    Column("policy_text", Text, nullable=False),
    Column("policy_photo", Text, nullable=False),
    Column("policy_place", Text, nullable=False),
    moment("reviewed_at"),
    Column("lat", Double),
    Column("long", Double),
    Column("address", Text),
    Column("text", Text),
    Column("duplicate_of", Uuid),
    Column(
        "words",
        TSVECTOR,
        Computed("to_tsvector('german', coalesce(text, ''))", persisted=True),
    ),
    UniqueConstraint("number"),
    Index("public_report_newest", text("submitted_at DESC"), text("report_id DESC")),
    Index("public_report_by_state", "state", text("submitted_at DESC"), text("report_id DESC")),
    Index(
        "public_report_by_category", "category", text("submitted_at DESC"), text("report_id DESC")
    ),
    Index(
        "public_report_open",
        text("submitted_at DESC"),
        text("report_id DESC"),
        postgresql_where=text(f"state NOT IN ({_closed_states})"),
    ),
    Index(
        "public_report_closed",
        text("submitted_at DESC"),
        text("report_id DESC"),
        postgresql_where=text(f"state IN ({_closed_states})"),
    ),
    Index(
        "public_report_updated",
        text("coalesce(closed_at, changed_at) DESC"),
        text("report_id DESC"),
    ),
    Index(
        "public_report_places",
        text("ST_SetSRID(ST_MakePoint(long, lat), 4326)"),
        postgresql_using="gist",
    ),
    Index("public_report_bodies", "bodies", postgresql_using="gin"),
    Index("public_report_words", "words", postgresql_using="gin"),
    comment="What the public may see, together with the policy that says when.",
)

public_photo = Table(
    "public_photo",
    metadata,
    Column("photo_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text),
    Column("renditions", JSONB, nullable=False, server_default="[]"),
    moment("changed_at", nullable=False),
    Index("public_photo_of", "report_id"),
    comment="How far each photo is; only released ones have a public address.",
)

timeline_entry = Table(
    "timeline_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    moment("at", nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", Text),
    Column("body_name", Text),
    Column("text", Text),
    Column("data", JSONB, nullable=False, server_default="{}"),
    Index("timeline_entry_of", "report_id", "at"),
    Index("timeline_entry_when", "at", "entry_id"),
    comment="The public history of a report; texts are masked.",
)

message = Table(
    "message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("body_name", Text, nullable=False),
    Column("public", Boolean, nullable=False),
    moment("posted_at", nullable=False),
    Index("message_of", "report_id", "posted_at"),
    Index("message_when", "posted_at", "message_id", postgresql_where=text("public")),
    comment="What a body wrote to the reporter; only public ones leave the tracking page.",
)

# the catalogue: a read model of routing's region file

body = Table(
    "body",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ars", Text),
    Column("aliases", ARRAY(Text), nullable=False, server_default="{}"),
    Column("participation", Text, nullable=False),
    Column("contact_text", JSONB, nullable=False, server_default="{}"),
    Column("parent", Text),
    Column("removed", Boolean, nullable=False, server_default="false"),
)

category = Table(
    "category",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("described", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False, server_default="false"),
    comment="A category as catalogue.category_described.v1 said it.",
)

region = Table(
    "region",
    metadata,
    Column("one", Boolean, primary_key=True, server_default="true"),
    Column("area", Geometry("MULTIPOLYGON", 4326)),
    Column("outline", Geometry("MULTIPOLYGON", 4326)),
    Column("published", JSONB),
    Column("revision", BigInteger, nullable=False, server_default="0"),
    moment("changed_at", nullable=False),
    CheckConstraint("one", name="single_row"),
    comment="The reception area, and catalogue.published.v1 once it is complete.",
)
