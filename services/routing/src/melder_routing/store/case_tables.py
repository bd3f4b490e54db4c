"""Tables of the desk (migration 0002): cases and what belongs to them, clerks and their sessions.

``case`` holds no text a citizen wrote: texts, photos and messages lie beside it, so that erasing
them leaves the statistics. Bodies and queues are named by slug. Row-level security stands in the
migration; what the scopes mean stands in ``domain/visibility.py``.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from melder_routing.store.metadata import METADATA, SCHEMA


def _moment(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not required)


def _slug(name: str, target: str, *, required: bool = False) -> Column[str]:
    return Column(name, Text, ForeignKey(f"{SCHEMA}.{target}.slug"), nullable=not required)


def _slugs(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default="{}")


clerk = Table(
    "clerk",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("function", Text),
    Column("password_hash", Text),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

clerk_role = Table(
    "clerk_role",
    METADATA,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("clerk_id", Uuid, ForeignKey(f"{SCHEMA}.clerk.id", ondelete="CASCADE"), nullable=False),
    _slug("body", "body", required=True),
    _slug("queue", "queue"),
    Column("role", Text, nullable=False),
)

session = Table(
    "session",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("clerk_id", Uuid, ForeignKey(f"{SCHEMA}.clerk.id", ondelete="CASCADE"), nullable=False),
    _moment("created_at", required=True),
    _moment("seen_at", required=True),
    _moment("expires_at", required=True),
)

login_failure = Table(
    "login_failure",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("login_hash", LargeBinary, nullable=False),
    Column("address_hash", LargeBinary, nullable=False),
    _moment("failed_at", required=True),
)

case = Table(
    "case",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False, unique=True),
    Column("number", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("api_client", Text),
    Column("language", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("category_name", JSONB, nullable=False),
    Column("policy", JSONB, nullable=False),
    Column("decision", JSONB, nullable=False),
    _slug("responsible", "body"),
    _slug("working", "body", required=True),
    _slug("queue", "queue", required=True),
    _slugs("candidates"),
    _slugs("former"),
    _slugs("informed"),
    Column("municipality", Text),
    Column("border", Boolean, nullable=False),
    Column("lat", Float, nullable=False),
    Column("long", Float, nullable=False),
    Column("accuracy_m", Float),
    Column("address", Text),
    Column("asset_id", Text),
    Column("tile", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("resumes_as", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("assignee", Uuid, ForeignKey(f"{SCHEMA}.clerk.id")),
    Column("hazard", Boolean, nullable=False),
    _moment("hazard_seen_at"),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}"),
    Column("contact_confirmed", Boolean, nullable=False, server_default="false"),
    _moment("contact_erased_at"),
    _moment("tracking_opened_at"),
    Column("text_to_review", Boolean, nullable=False, server_default="false"),
    Column("photos_to_review", SmallInteger, nullable=False, server_default="0"),
    Column("unread", SmallInteger, nullable=False, server_default="0"),
    Column("supporters", Integer, nullable=False, server_default="0"),
    Column("reopened", SmallInteger, nullable=False, server_default="0"),
    _moment("submitted_at", required=True),
    _moment("opened_at", required=True),
    _moment("routed_at", required=True),
    _moment("due_at", required=True),
    _moment("changed_at", required=True),
    _moment("closed_at"),
    _moment("texts_until"),
    _moment("case_until"),
    _moment("erased_at"),
)

case_text = Table(
    "case_text",
    METADATA,
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), primary_key=True),
    Column("title", Text),
    Column("description", Text),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    Column("media_link", Text),
    Column("public_text", Text),
    Column("public_state", Text, nullable=False, server_default="hidden"),
)

case_photo = Table(
    "case_photo",
    METADATA,
    Column("photo_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    Column("message_id", Uuid),
    Column("position", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("renditions", JSONB, nullable=False, server_default="[]"),
)

case_message = Table(
    "case_message",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    _moment("at", required=True),
    Column("kind", Text, nullable=False),
    Column("by_reporter", Boolean, nullable=False),
    _slug("body", "body"),
    Column("sender", Text),
    Column("text", Text),
    Column("public", Boolean, nullable=False, server_default="false"),
    Column("answers", Uuid),
    _moment("erased_at"),
)

case_history = Table(
    "case_history",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    _moment("at", required=True),
    Column("kind", Text, nullable=False),
    Column("body", Text),
    Column("clerk_id", Uuid),
    Column("version", Integer),
    Column("refers_to", Uuid),
    Column("codes", JSONB, nullable=False, server_default="{}"),
)

hand_over = Table(
    "hand_over",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    _slug("sender", "body", required=True),
    _slug("receiver", "body", required=True),
    Column("reason_message", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("returns", SmallInteger, nullable=False, server_default="0"),
    _moment("proposed_at", required=True),
    _moment("decided_at"),
)

legal_hold = Table(
    "legal_hold",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    Column("set_by", Uuid, ForeignKey(f"{SCHEMA}.clerk.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("review_on", Date, nullable=False),
    _moment("set_at", required=True),
    _moment("lifted_at"),
)

mail_log = Table(
    "mail_log",
    METADATA,
    Column("notification_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    _moment("at", required=True),
)

access_log = Table(
    "access_log",
    METADATA,
    Column("grant_id", Uuid, primary_key=True),
    Column("service", Text, nullable=False),
    Column("clerk_id", Uuid, nullable=False),
    Column("action", Text, nullable=False),
    Column("object_id", Uuid, nullable=False),
    Column("report_id", Uuid),
    _moment("used_at", required=True),
)

border_case = Table(
    "border_case",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("category", Text),
    Column("category_name", JSONB),
    Column("municipality", Text),
    Column("lat", Float),
    Column("long", Float),
    Column("state", Text),
    Column("hazard", Boolean),
    Column("working", Text),
    Column("candidates", ARRAY(Text)),
    Column("submitted_at", DateTime(timezone=True)),
    Column("version", Integer),
    Column("routed_at", DateTime(timezone=True)),
    info={"is_view": True},
)
"""A view: what a neighbour may see of another body's border case, and not one column more."""
