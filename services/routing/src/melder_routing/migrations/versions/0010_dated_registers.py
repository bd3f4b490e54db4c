"""Roads and assets with the days on which they count, and every state of a register by its days.

What stays the same from one state to the next is one row; a decision on a day uses those of that
day. An asset's number may come again in a later state, so it is no primary key any more.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_DAYS = """
    ADD COLUMN valid_from date,
    ADD COLUMN valid_to date,
    ADD CONSTRAINT {table}_lasts CHECK (valid_to >= valid_from)
"""

STATEMENTS = (
    f"ALTER TABLE routing.road_segment {_DAYS.format(table='road_segment')}",
    f"""
    ALTER TABLE routing.asset
        DROP CONSTRAINT asset_pkey,
        ADD COLUMN entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        {_DAYS.format(table="asset")}
    """,
    """
    CREATE UNIQUE INDEX asset_once ON routing.asset (id, valid_from) NULLS NOT DISTINCT
    """,
    f"""
    ALTER TABLE routing.register
        DROP CONSTRAINT register_pkey,
        ADD PRIMARY KEY (kind, source, version),
        {_DAYS.format(table="register")}
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
