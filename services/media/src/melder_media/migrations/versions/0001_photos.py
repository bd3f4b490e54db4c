"""Event tables, and the photos: rows, spool, previews, waiting claims, used grants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from melder_common.migrations import create_event_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "media"


def upgrade() -> None:
    create_event_tables(SCHEMA)
    _create_photo()
    for name, part in (
        (
            "spool_chunk",
            sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        ),
        ("preview", sa.Column("encoding", sa.String(10), primary_key=True)),
    ):
        op.create_table(
            name,
            sa.Column(
                "photo_id",
                sa.Uuid,
                sa.ForeignKey(f"{SCHEMA}.photo.id", ondelete="CASCADE"),
                primary_key=True,
            ),
            part,
            sa.Column("content", sa.LargeBinary, nullable=False),
            schema=SCHEMA,
        )
        op.execute(f"ALTER TABLE {SCHEMA}.{name} ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "pending_claim",
        sa.Column("photo_id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, nullable=False, index=True),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "grant_use",
        sa.Column("grant_id", sa.Uuid, primary_key=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False, index=True),
        schema=SCHEMA,
    )


def _create_photo() -> None:
    op.create_table(
        "photo",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("report_id", sa.Uuid),
        sa.Column(
            "offered_for",
            sa.Uuid,
            comment="the report whose spooled file this is, before it claims",
        ),
        sa.Column("format", sa.String(10)),
        sa.Column("bytes", sa.Integer),
        sa.Column(
            "wrapped_key",
            sa.LargeBinary,
            comment="the photo's data key; without it nothing is left",
        ),
        sa.Column("original_at", sa.String(10), nullable=False),
        sa.Column("sealed_bytes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("renditions", postgresql.JSONB),
        sa.Column("rendition_version", sa.String(32)),
        sa.Column("redactions", postgresql.JSONB, nullable=False, server_default="[]"),
        sa.Column("wants_release", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("refusal", sa.String(40)),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('received', 'ready', 'released', 'hidden', 'rejected', 'erasing', 'deleted')",
            name="photo_state",
        ),
        sa.CheckConstraint(
            "original_at IN ('store', 'spool', 'nowhere')", name="photo_original_at"
        ),
        sa.CheckConstraint(
            "state NOT IN ('ready', 'released', 'hidden') OR "
            "(report_id IS NOT NULL AND rendition_version IS NOT NULL AND wrapped_key IS NOT NULL)",
            name="photo_shown_is_bound",
        ),
        sa.Index("photo_by_report", "report_id", postgresql_where=sa.text("report_id IS NOT NULL")),
        sa.Index("photo_by_age", "received_at"),
        sa.Index("photo_spooled", "id", postgresql_where=sa.text("original_at = 'spool'")),
        schema=SCHEMA,
    )
