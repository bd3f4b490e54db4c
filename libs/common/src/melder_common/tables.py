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
        self.outbox = _outbox(metadata, schema)
        self.log_head = _log_head(metadata, schema)
        self.lease = _lease(metadata, schema)
        self.cursor = _cursor(metadata, schema)
        self.listener = _listener(metadata, schema)
        self.dead_letter = _dead_letter(metadata, schema)
        self.due = _due(metadata, schema)
        self.idempotency_key = _idempotency_key(metadata, schema)


def _outbox(metadata: MetaData, schema: str) -> Table:
    """Events of this service, in the transaction of the change; the relay gives positions."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("partition", SmallInteger, nullable=False),
        Column("position", BigInteger),
        Column("name", Text, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Index("outbox_waiting", "partition", "id", postgresql_where=text("position IS NULL")),
        Index("outbox_log", "partition", "position", unique=True),
        schema=schema,
    )


def _log_head(metadata: MetaData, schema: str) -> Table:
    """The last position of each of our logs, and how far it is published."""
    return Table(
        "log_head",
        metadata,
        Column("partition", SmallInteger, primary_key=True, autoincrement=False),
        Column("head", BigInteger, nullable=False, server_default="0"),
        Column("published", BigInteger, nullable=False, server_default="0"),
        schema=schema,
    )


def _lease(metadata: MetaData, schema: str) -> Table:
    """Who may work on what, until when; ``fence`` counts the holders."""
    return Table(
        "lease",
        metadata,
        Column("name", String(80), primary_key=True),
        Column("holder", String(120)),
        Column("until", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("fence", BigInteger, nullable=False, server_default="0"),
        schema=schema,
    )


def _cursor(metadata: MetaData, schema: str) -> Table:
    """How far this service has applied each log of each speaker."""
    return Table(
        "cursor",
        metadata,
        Column("speaker", String(20), primary_key=True),
        Column("partition", SmallInteger, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False, server_default="0"),
        schema=schema,
    )


def _listener(metadata: MetaData, schema: str) -> Table:
    """How far others have applied our logs: what pruning waits for."""
    return Table(
        "listener",
        metadata,
        Column("service", String(20), primary_key=True),
        Column("partition", SmallInteger, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False, server_default="0"),
        Column("heard_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        schema=schema,
    )


def _dead_letter(metadata: MetaData, schema: str) -> Table:
    """Events that could not be applied, with what is parked behind them."""
    return Table(
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


def _due(metadata: MetaData, schema: str) -> Table:
    """Timers: what falls due when, and whose claim it is (``timers``)."""
    return Table(
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


def _idempotency_key(metadata: MetaData, schema: str) -> Table:
    """What the first request with a key made: a repeated one gets the same answer."""
    return Table(
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
