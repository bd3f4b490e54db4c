"""notify's tables. What a person could be recognised by stands in ``contact.box`` alone, sealed."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from melder_common.tables import EventTables

SCHEMA = "notify"
metadata = MetaData(schema=SCHEMA)
event_tables = EventTables(metadata, SCHEMA)


def _moment(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


report = Table(
    "report",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("category_name", JSONB, nullable=False, server_default="{}"),
    Column("state", Text, nullable=False, server_default="received"),
    Column("responsible_slug", Text),
    Column("responsible_name", Text),
    Column("municipality", Text),
    Column("reason", JSONB, nullable=False, server_default="{}"),
    Column("usual_days", Double),
    Column("merged_into", Uuid),
    _moment("submitted_at", nullable=False),
    _moment("routed_at"),
    _moment("closed_at"),
    Index("report_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)
"""What mails say about a report; never its text, its place or its photos."""

contact = Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="unconfirmed"),
    Column("channels", ARRAY(Text), nullable=False),
    Column("key_id", Text),
    Column("wrapped_key", LargeBinary),
    Column("box", LargeBinary),
    Column("receipt_id", Uuid),
    _moment("created_at", nullable=False),
    _moment("confirmed_at"),
    _moment("status_mailed_at"),
    _moment("erase_after"),
    CheckConstraint(
        "state IN ('unconfirmed', 'confirmed', 'unsubscribed', 'not_me', 'erased')",
        name="contact_state",
    ),
    CheckConstraint("key_id IS NULL OR wrapped_key IS NULL", name="contact_one_seal"),
    Index("contact_by_report", "report_id"),
    Index("contact_to_erase", "erase_after", postgresql_where=text("erase_after IS NOT NULL")),
    Index("contact_as_received", "key_id", postgresql_where=text("key_id IS NOT NULL")),
)
"""A way to a person. ``box`` is the envelope as received (then ``key_id`` names its period), or
sealed again under the contact's own data key (then ``wrapped_key`` is that key, wrapped)."""

notification = Table(
    "notification",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column(
        "contact_id",
        Uuid,
        ForeignKey(contact.c.contact_id, name="notification_contact", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("event_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False, server_default="email"),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("facts", JSONB, nullable=False, server_default="{}"),
    Column("mail_id", Uuid),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("outcome", Text),
    _moment("queued_at", nullable=False),
    _moment("sent_at"),
    UniqueConstraint("event_id", "contact_id", "channel", "kind", name="notification_once"),
    CheckConstraint(
        "state IN ('queued', 'held', 'sending', 'sent', 'folded', 'failed', 'dropped')",
        name="notification_state",
    ),
    Index("notification_by_report", "report_id"),
    Index(
        "notification_one_receipt",
        "contact_id",
        unique=True,
        postgresql_where=text("kind = 'receipt'"),
    ),
    Index(
        "notification_receipt_waits",
        "queued_at",
        postgresql_where=text("kind = 'receipt' AND state = 'queued' AND mail_id IS NULL"),
    ),
    Index(
        "notification_waiting",
        "contact_id",
        postgresql_where=text("state IN ('queued', 'held', 'sending')"),
    ),
)
"""Exactly one record per (event, recipient, channel, kind); its id makes the Message-ID."""

case_mail = Table(
    "case_mail",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("report_id", Uuid, nullable=False),
    Column("body", Text, nullable=False),
    Column("channel", Text, nullable=False, server_default="email"),
    Column("kind", Text, nullable=False, server_default="case_link"),
    Column("thread_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("facts", JSONB, nullable=False),
    Column("key_id", Text),
    Column("box", LargeBinary),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("outcome", Text),
    _moment("queued_at", nullable=False),
    _moment("sent_at"),
    UniqueConstraint("event_id", "body", "channel", "kind", name="case_mail_once"),
    CheckConstraint(
        "state IN ('queued', 'sending', 'sent', 'failed', 'dropped')", name="case_mail_state"
    ),
    CheckConstraint("(box IS NULL) = (key_id IS NULL)", name="case_mail_sealed"),
    Index("case_mail_by_report", "report_id"),
    Index("case_mail_by_thread", "thread_id"),
    Index("case_mail_waiting", "key_id", postgresql_where=text("key_id IS NOT NULL")),
)
"""Mails to bodies with the link to a case. ``box`` is the sealed letter as routing closed it; it is
forgotten when the mail has left or was given up."""

body = Table(
    "body",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("removed", Boolean, nullable=False, server_default="false"),
)

category = Table(
    "category",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False, server_default="false"),
)

region = Table(
    "region",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
"""Bodies, categories and the region as the catalogue describes them, for their names."""
