"""Which program sent a message of the reporter's side, so that clerks read it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE routing.case_message ADD COLUMN sender text")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
