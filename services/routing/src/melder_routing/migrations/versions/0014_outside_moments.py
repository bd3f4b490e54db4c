"""Of news to the other side, when it was said first; of theirs, the date of the latest heard.

A repeated update has to be the same to the second, or the other side takes it for another one. And
what comes late may not undo what was said after it.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE routing.outside_told ADD COLUMN done boolean NOT NULL DEFAULT true",
    "ALTER TABLE routing.outside_case ADD COLUMN remote_at timestamptz",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
