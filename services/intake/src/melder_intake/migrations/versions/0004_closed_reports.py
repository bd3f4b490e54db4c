"""Lists of closed reports skip those still open by an index of their own.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '10min'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS intake.public_report_closed")
        op.execute(
            "CREATE INDEX CONCURRENTLY public_report_closed"
            " ON intake.public_report (submitted_at DESC, report_id DESC)"
            " WHERE state IN ('duplicate', 'not_actionable', 'resolved')"
        )
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the index may stay for older code")
