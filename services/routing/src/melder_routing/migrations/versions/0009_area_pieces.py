"""Areas cut into small pieces, so that no question about a point reads a whole Land.

``jurisdiction_piece`` answers which areas contain a point (degrees, as the sources have them),
``jurisdiction_metric_piece`` how far an area is (EPSG:25832). Triggers keep both, whoever writes.
Cutting leaves every corner where it is and adds corners on the cuts only.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CORNERS = 48
"""Of a piece: below 1 kB it stays beside its row, where reading it costs next to nothing."""

PIECES = """
CREATE TABLE routing.jurisdiction_piece (
    jurisdiction_id uuid NOT NULL REFERENCES routing.jurisdiction ON DELETE CASCADE,
    geom geometry(Polygon, 4326) NOT NULL
);
CREATE TABLE routing.jurisdiction_metric_piece (
    jurisdiction_id uuid NOT NULL REFERENCES routing.jurisdiction ON DELETE CASCADE,
    metric geometry(Polygon, 25832) NOT NULL
)
"""

INDEXES = """
CREATE INDEX jurisdiction_piece_geom ON routing.jurisdiction_piece USING gist (geom);
CREATE INDEX jurisdiction_piece_of ON routing.jurisdiction_piece (jurisdiction_id);
CREATE INDEX jurisdiction_metric_piece_metric
    ON routing.jurisdiction_metric_piece USING gist (metric);
CREATE INDEX jurisdiction_metric_piece_of ON routing.jurisdiction_metric_piece (jurisdiction_id)
"""


WHOLE = """
ALTER TABLE routing.jurisdiction ADD COLUMN whole_m2 double precision CHECK (whole_m2 >= 0)
"""

CUT = f"""
CREATE FUNCTION routing.cut_jurisdictions(areas uuid[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM routing.jurisdiction_piece WHERE jurisdiction_id = ANY (areas);
    DELETE FROM routing.jurisdiction_metric_piece WHERE jurisdiction_id = ANY (areas);
    INSERT INTO routing.jurisdiction_piece
    SELECT id, (ST_Dump(ST_Subdivide(geom, {CORNERS}))).geom
    FROM routing.jurisdiction WHERE id = ANY (areas) AND NOT ST_IsEmpty(geom);
    INSERT INTO routing.jurisdiction_metric_piece
    SELECT id, (ST_Dump(ST_Subdivide(metric, {CORNERS}))).geom
    FROM routing.jurisdiction WHERE id = ANY (areas) AND NOT ST_IsEmpty(geom);
$$
"""

TRIGGERS = (
    """
    CREATE FUNCTION routing.cut_added_jurisdictions() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM routing.cut_jurisdictions(array(SELECT id FROM added));
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION routing.cut_redrawn_jurisdiction() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM routing.cut_jurisdictions(ARRAY[NEW.id]);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER cut_added AFTER INSERT ON routing.jurisdiction
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION routing.cut_added_jurisdictions()
    """,
    """
    CREATE TRIGGER cut_redrawn AFTER UPDATE OF geom ON routing.jurisdiction
    FOR EACH ROW EXECUTE FUNCTION routing.cut_redrawn_jurisdiction()
    """,
)

PRESENT = (
    "SELECT routing.cut_jurisdictions(array(SELECT id FROM routing.jurisdiction))",
    """
    UPDATE routing.jurisdiction SET whole_m2 = whole.m2
    FROM (SELECT id, sum(area_m2) OVER (PARTITION BY body_id, layer, key, boundary_version) AS m2
          FROM routing.jurisdiction) AS whole
    WHERE whole.id = jurisdiction.id
    """,
)


def upgrade() -> None:
    for definitions in (PIECES, INDEXES):
        for statement in definitions.split(";"):
            op.execute(statement)
    op.execute(WHOLE)
    op.execute(CUT)
    for statement in (*TRIGGERS, *PRESENT):
        op.execute(statement)
    tables = "routing.jurisdiction_piece, routing.jurisdiction_metric_piece"
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {WORKER}")
    op.execute(f"GRANT SELECT ON {tables} TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
