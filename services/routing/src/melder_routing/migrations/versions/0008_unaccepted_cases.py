"""An index for asking again: cases that nobody has accepted or claimed, in order of their ids."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        'CREATE INDEX case_unaccepted ON routing."case" (id) '
        "WHERE state = 'received' AND assignee IS NULL"
    )


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
