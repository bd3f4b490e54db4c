"""The tables of the media service; migrations create them, a drift test compares both."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from melder_common.tables import EventTables

SCHEMA = "media"
metadata = MetaData(schema=SCHEMA)
event_tables = EventTables(metadata, SCHEMA)

photo = Table(
    "photo",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("report_id", Uuid),
    Column("offered_for", Uuid, comment="the report whose spooled file this is, before it claims"),
    Column("format", String(10)),
    Column("bytes", Integer),
    Column("wrapped_key", LargeBinary, comment="the photo's data key; without it nothing is left"),
    Column("original_at", String(10), nullable=False),
    Column("sealed_bytes", Integer, nullable=False, server_default="0"),
    Column("renditions", JSONB(none_as_null=True)),
    Column("rendition_version", String(32)),
    Column("redactions", JSONB, nullable=False, server_default="[]"),
    Column("wants_release", Boolean, nullable=False, server_default=text("false")),
    Column("refusal", String(40)),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("released_at", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('received', 'ready', 'released', 'hidden', 'rejected', 'erasing', 'deleted')",
        name="photo_state",
    ),
    CheckConstraint("original_at IN ('store', 'spool', 'nowhere')", name="photo_original_at"),
    CheckConstraint(
        "state NOT IN ('ready', 'released', 'hidden') OR "
        "(report_id IS NOT NULL AND rendition_version IS NOT NULL AND wrapped_key IS NOT NULL)",
        name="photo_shown_is_bound",
    ),
    Index("photo_by_report", "report_id", postgresql_where=text("report_id IS NOT NULL")),
    Index("photo_by_age", "received_at"),
    Index("photo_spooled", "id", postgresql_where=text("original_at = 'spool'")),
)

spool_chunk = Table(
    "spool_chunk",
    metadata,
    Column("photo_id", Uuid, ForeignKey(photo.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

preview = Table(
    "preview",
    metadata,
    Column("photo_id", Uuid, ForeignKey(photo.c.id, ondelete="CASCADE"), primary_key=True),
    Column("encoding", String(10), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

pending_claim = Table(
    "pending_claim",
    metadata,
    Column("photo_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False, index=True),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

grant_use = Table(
    "grant_use",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("used_at", DateTime(timezone=True), nullable=False, index=True),
)
