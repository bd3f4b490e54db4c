"""Lists of public reports stay fast: open ones, by last change, by place, by object.

Indexes are built beside the traffic (CONCURRENTLY, so outside a transaction); a build that was
interrupted leaves an invalid index, hence each is dropped first.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = {
    "report_by_asset": "intake.report (asset_id) WHERE asset_id IS NOT NULL",
    "public_report_open": "intake.public_report (submitted_at DESC, report_id DESC)"
    " WHERE state NOT IN ('duplicate', 'not_actionable', 'resolved')",
    "public_report_updated": "intake.public_report"
    " (coalesce(closed_at, changed_at) DESC, report_id DESC)",
    "public_report_places": "intake.public_report USING gist"
    " (ST_SetSRID(ST_MakePoint(long, lat), 4326))",
}


def upgrade() -> None:
    op.execute("ALTER TABLE intake.report ADD COLUMN asset_type TEXT")
    with op.get_context().autocommit_block():
        # a build waits for transactions older than itself, which may be a backup
        op.execute("SET lock_timeout = '10min'")
        for name, definition in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS intake.{name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS intake.public_report_changed")
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the indexes may stay for older code")
