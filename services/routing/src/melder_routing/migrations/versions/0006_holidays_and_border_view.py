"""Holidays of the region, and the border view with its take-over within 24 hours.

The view now also shows cases that two sources claim (``ambiguous``): both bodies are candidates.
Taking over reaches a case that row-level security hides from the taker, so a function of the
owner does it, and checks itself what the desk has checked already.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HOLIDAYS = "ALTER TABLE routing.region ADD COLUMN holidays jsonb NOT NULL DEFAULT '{}'"

CANDIDATES = (
    "DROP INDEX routing.case_candidates",
    """CREATE INDEX case_candidates ON routing."case" USING gin (candidates)
    WHERE closed_at IS NULL AND candidates <> '{}'""",
)

BORDER_VIEW = """
CREATE OR REPLACE VIEW routing.border_case WITH (security_barrier) AS
    SELECT id, category, category_name, municipality, lat, long, state, hazard, working,
        candidates, submitted_at, version, routed_at
    FROM routing."case"
    WHERE closed_at IS NULL AND candidates <> '{}'
        AND candidates && (SELECT routing.scope('border_bodies'))
"""

TAKE_OVER = """
CREATE FUNCTION routing.take_over_case(
    taken uuid, seen integer, taker text, worker text, into_queue text, clerk uuid, decided jsonb
) RETURNS SETOF routing."case"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found routing."case";
BEGIN
    UPDATE routing."case" SET
        responsible = taker, working = worker, queue = into_queue, decision = decided,
        candidates = array_remove(array_remove(candidates, taker) || responsible, NULL),
        former = array_remove(array_remove(former, responsible) || responsible, NULL),
        assignee = NULL, version = version + 1, changed_at = now()
    WHERE id = taken AND version = seen AND closed_at IS NULL
        AND taker = ANY (candidates) AND taker = ANY (routing.scope('taking_bodies'))
        AND routed_at > now() - interval '24 hours'
    RETURNING * INTO found;
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO routing.case_history (case_id, at, kind, body, clerk_id, version, codes)
    VALUES (taken, now(), 'taken_over', taker, clerk, found.version,
        jsonb_build_object('from', found.former[cardinality(found.former)], 'to', taker));
    RETURN NEXT found;
END
$$
"""


def upgrade() -> None:
    op.execute(HOLIDAYS)
    for statement in CANDIDATES:
        op.execute(statement)
    op.execute(BORDER_VIEW)
    op.execute(TAKE_OVER)
    op.execute("REVOKE ALL ON FUNCTION routing.take_over_case FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION routing.take_over_case TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
