"""Numbers on assets are found as people type them: "l 4711" is L-4711.

Small or large letters, spaces and hyphens do not count; of several the one written the same way
comes first, then the nearest (``store/surroundings.py``).
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE FUNCTION routing.asset_key(number text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN nullif(upper(regexp_replace(number, '[^[:alnum:]]', '', 'g')), '')
    """,
    "CREATE INDEX asset_key ON routing.asset (routing.asset_key(id))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
