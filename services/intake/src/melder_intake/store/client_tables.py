"""The tables of API clients: who they are, what they have used up, which updates they sent."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from melder_intake.store.schema import SCHEMA, metadata, moment, report_id

api_client = Table(
    "api_client",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("contact", Text),
    Column("note", Text),
    Column("key_hash", LargeBinary, nullable=False),
    Column("previous_key_hash", LargeBinary),
    moment("previous_key_until"),
    Column("requests_per_minute", Integer, nullable=False),
    Column("requests_per_day", Integer),
    Column("services", ARRAY(Text), nullable=False, server_default="{}"),
    Column("peer", Boolean, nullable=False, server_default="false"),
    moment("created_at", nullable=False),
    moment("rotated_at"),
    moment("revoked_at"),
    Column("last_used_on", Date),
    UniqueConstraint("key_hash"),
    UniqueConstraint("previous_key_hash"),
    Index(
        "api_client_one_name",
        text("lower(name)"),
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
    comment="Who may post by Open311; keys are kept as SHA-256.",
)

api_client_quota = Table(
    "api_client_quota",
    metadata,
    Column("client_id", Uuid, ForeignKey(f"{SCHEMA}.api_client.client_id"), primary_key=True),
    Column("rule", String(6), primary_key=True),
    moment("full_until", nullable=False),
    comment="Until when all processes' requests fill each quota (a leaking bucket).",
)

received_update = Table(
    "received_update",
    metadata,
    Column("client_id", Uuid, ForeignKey(f"{SCHEMA}.api_client.client_id"), primary_key=True),
    Column("update_id", Text, primary_key=True),
    report_id(),
    Column("comment_id", Uuid, nullable=False),
    Column("content_hash", LargeBinary),
    moment("received_at", nullable=False),
    Index("received_update_of", "report_id"),
    comment="Updates that API clients sent, each taken once; without hash after the erasure.",
)
