"""Areas that ``melder boundaries import`` brought, and where every jurisdiction came from.

``boundary_area`` keeps an imported file whole, also the areas no body has yet; jurisdictions follow
from it. Those of a region file are found again by the names that the last apply noted.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AREAS = """
CREATE TABLE routing.boundary_area (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL CHECK (source ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    layer text NOT NULL,
    general boolean NOT NULL DEFAULT true,
    key text NOT NULL CHECK (key <> ''),
    name text NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)),
    digest text NOT NULL,
    boundary_version text NOT NULL REFERENCES routing.boundary_version,
    valid_from date,
    valid_to date,
    CONSTRAINT boundary_area_lasts CHECK (valid_to >= valid_from)
);
CREATE INDEX boundary_area_source ON routing.boundary_area (source, key);
ALTER TABLE routing.jurisdiction
    ADD COLUMN source text NOT NULL DEFAULT '',
    ADD COLUMN key text NOT NULL DEFAULT '',
    ADD COLUMN area_id uuid REFERENCES routing.boundary_area ON DELETE CASCADE;
CREATE INDEX jurisdiction_area ON routing.jurisdiction (area_id) WHERE area_id IS NOT NULL
"""

ORIGINS = """
UPDATE routing.jurisdiction
SET source = split_part(label, ' ', 2), key = split_part(label, ' ', 3)
FROM routing.region, jsonb_object_keys(region.digests -> 'area') AS label, routing.body
WHERE body.id = jurisdiction.body_id AND body.slug = split_part(label, ' ', 1)
  AND left(jurisdiction.digest, 8) = split_part(label, ' ', 4)
"""


def upgrade() -> None:
    for statement in AREAS.split(";"):
        op.execute(statement)
    op.execute(ORIGINS)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON routing.boundary_area TO {WORKER}")
    op.execute(f"GRANT SELECT ON routing.boundary_area TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
