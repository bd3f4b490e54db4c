"""Registers of roads and assets, agreements, populations, successions, and when a case was routed.

``register`` counts what each import brought, so that a decision can name the state it was made
from. A road without an authority of its own follows the rules of the region.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REGISTER = """
CREATE TABLE routing.register (
    kind text NOT NULL CHECK (kind IN ('road', 'asset')),
    source text NOT NULL CHECK (source ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    version text NOT NULL CHECK (version ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    digest text NOT NULL,
    attribution text NOT NULL DEFAULT '',
    entries integer NOT NULL CHECK (entries >= 0),
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, source)
)
"""

ROADS = """
ALTER TABLE routing.road_segment
    ADD COLUMN source text NOT NULL DEFAULT '',
    ADD COLUMN name text,
    ALTER COLUMN authority_id DROP NOT NULL,
    ADD CONSTRAINT road_segment_drawn CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom));
CREATE INDEX road_segment_source ON routing.road_segment (source);
CREATE INDEX road_segment_authority ON routing.road_segment (authority_id)
"""

ASSETS = """
ALTER TABLE routing.asset
    ALTER COLUMN geom TYPE geometry(Geometry, 4326),
    ADD COLUMN metric geometry(Geometry, 25832) NOT NULL
        GENERATED ALWAYS AS (ST_Transform(geom, 25832)) STORED,
    ADD COLUMN source text NOT NULL DEFAULT '',
    ADD CONSTRAINT asset_drawn CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)),
    ADD CONSTRAINT asset_named CHECK (id = btrim(id) AND id <> '' AND length(id) <= 120),
    ADD CONSTRAINT asset_typed CHECK (type ~ '^[a-z0-9]+(-[a-z0-9]+)*$');
CREATE INDEX asset_source ON routing.asset (source);
CREATE INDEX asset_operator ON routing.asset (operator_id)
"""

AGREEMENTS = """
ALTER TABLE routing.agreement
    ADD COLUMN category_groups text[] NOT NULL DEFAULT '{}',
    ADD COLUMN because jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT agreement_drawn CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)),
    ADD CONSTRAINT agreement_lasts CHECK (valid_to >= valid_from);
CREATE INDEX agreement_geom ON routing.agreement USING gist (geom)
"""

BODIES = """
ALTER TABLE routing.body
    ADD COLUMN population integer CHECK (population >= 0),
    ADD COLUMN succeeded_by uuid REFERENCES routing.body,
    ADD COLUMN succeeded_on date,
    ADD CONSTRAINT body_not_own_parent CHECK (parent_id <> id),
    ADD CONSTRAINT body_not_own_heir CHECK (succeeded_by <> id),
    ADD CONSTRAINT body_succession_dated CHECK ((succeeded_by IS NULL) = (succeeded_on IS NULL))
"""

VALIDITY = """
ALTER TABLE routing.jurisdiction
    ADD CONSTRAINT jurisdiction_lasts CHECK (valid_to >= valid_from);
ALTER TABLE routing.competence
    ADD CONSTRAINT competence_lasts CHECK (valid_to >= valid_from)
"""

CASES = """
ALTER TABLE routing."case" ADD COLUMN routed_at timestamptz;
UPDATE routing."case" SET routed_at = opened_at;
ALTER TABLE routing."case" ALTER COLUMN routed_at SET NOT NULL
"""


def upgrade() -> None:
    for change in (REGISTER, ROADS, ASSETS, AGREEMENTS, BODIES, VALIDITY, CASES):
        for statement in change.split(";"):
            op.execute(statement)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON routing.register TO {WORKER}")
    op.execute(f"GRANT SELECT ON routing.register TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
