"""An index for "how long it usually takes": the last cases of a category that were resolved."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        'CREATE INDEX case_resolved ON routing."case" (category, closed_at DESC) '
        "WHERE state = 'resolved'"
    )


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
