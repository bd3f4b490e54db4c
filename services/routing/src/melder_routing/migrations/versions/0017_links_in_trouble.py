"""Links that need somebody: counted every few minutes, few among many."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX case_link_trouble ON routing.case_link (case_id) WHERE error IS NOT NULL"
    )


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
