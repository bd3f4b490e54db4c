"""The tables of the event mechanics, the same in every service's own schema."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class EventTables:
    """The event tables of one schema, declared on the service's own metadata.

    Migrations create them with ``melder_common.migrations``; a drift test compares both.
    """

    def __init__(self, metadata: MetaData, schema: str) -> None:
        self.schema = schema
        self.outbox = Table(
            "outbox",
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("partition", SmallInteger, nullable=False),
            Column("position", BigInteger),
            Column("name", Text, nullable=False),
            Column("envelope", LargeBinary, nullable=False),
            Column(
                "written_at", DateTime(timezone=True), nullable=False, server_default=func.now()
            ),
            Index("outbox_waiting", "partition", "id", postgresql_where=text("position IS NULL")),
            Index("outbox_log", "partition", "position", unique=True),
            schema=schema,
        )
        self.log_head = Table(
            "log_head",
            metadata,
            Column("partition", SmallInteger, primary_key=True, autoincrement=False),
            Column("head", BigInteger, nullable=False, server_default="0"),
            Column("published", BigInteger, nullable=False, server_default="0"),
            schema=schema,
        )
        self.lease = Table(
            "lease",
            metadata,
            Column("name", String(80), primary_key=True),
            Column("holder", String(120)),
            Column("until", DateTime(timezone=True), nullable=False, server_default=func.now()),
            Column("fence", BigInteger, nullable=False, server_default="0"),
            schema=schema,
        )
        self.cursor = Table(
            "cursor",
            metadata,
            Column("speaker", String(20), primary_key=True),
            Column("partition", SmallInteger, primary_key=True, autoincrement=False),
            Column("position", BigInteger, nullable=False, server_default="0"),
            schema=schema,
        )
        self.listener = Table(
            "listener",
            metadata,
            Column("service", String(20), primary_key=True),
            Column("partition", SmallInteger, primary_key=True, autoincrement=False),
            Column("position", BigInteger, nullable=False, server_default="0"),
            Column("heard_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
            schema=schema,
        )
        self.dead_letter = Table(
            "dead_letter",
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("speaker", String(20), nullable=False),
            Column("partition", SmallInteger, nullable=False),
            Column("position", BigInteger, nullable=False),
            Column("aggregate_id", Uuid, nullable=False),
            Column("name", Text, nullable=False),
            Column("envelope", LargeBinary, nullable=False),
            Column("reason", Text, nullable=False),
            Column("parked", Integer, nullable=False, server_default="0"),
            Column("failed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
            Index("dead_letter_by_aggregate", "speaker", "aggregate_id", "position"),
            schema=schema,
        )
        self.due = Table(
            "due",
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("kind", String(60), nullable=False),
            Column("key", Text, nullable=False),
            Column("at", DateTime(timezone=True), nullable=False),
            Column("payload", JSONB, nullable=False, server_default="{}"),
            Column("attempt", Integer, nullable=False, server_default="0"),
            Column("claimed_by", String(120)),
            Column("claimed_until", DateTime(timezone=True)),
            Column("fence", BigInteger, nullable=False, server_default="0"),
            Column("last_error", Text),
            Index("due_once", "kind", "key", unique=True),
            Index("due_next", "at"),
            schema=schema,
        )
        self.idempotency_key = Table(
            "idempotency_key",
            metadata,
            Column("scope", String(120), primary_key=True),
            Column("key", String(200), primary_key=True),
            Column("content_hash", LargeBinary, nullable=False),
            Column("object_id", Uuid, nullable=False),
            Column("kept_until", DateTime(timezone=True), nullable=False),
            Index("idempotency_key_age", "kept_until"),
            schema=schema,
        )
