"""Imported areas that the region file names for a body by layer and key."""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CLAIMS = """
CREATE TABLE routing.area_claim (
    body_id uuid NOT NULL REFERENCES routing.body,
    layer text NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    PRIMARY KEY (body_id, layer, key)
)
"""


def upgrade() -> None:
    op.execute(CLAIMS)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON routing.area_claim TO {WORKER}")
    op.execute(f"GRANT SELECT ON routing.area_claim TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
