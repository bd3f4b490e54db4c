"""Moving a case out of a clerk's sight: pin, category or rules changed, or a neighbour took it.

Row-level security lets a clerk change only what he still sees afterwards. These functions of the
owner check for themselves that he works on the case (or may take it over), and do the one step
over the fence. Taking over now adds to the stored decision instead of replacing it: the taker does
not see all of it.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORKED = """(
    kept.queue = ANY (routing.scope('work_queues'))
    OR kept.responsible = ANY (routing.scope('work_bodies'))
    OR kept.working = ANY (routing.scope('work_bodies'))
)"""

MOVE = f"""
CREATE FUNCTION routing.move_case(moved uuid, seen integer, changes jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept routing."case";
    next routing."case";
BEGIN
    SELECT * INTO kept FROM routing."case" WHERE id = moved AND version = seen FOR UPDATE;
    IF kept.id IS NULL OR (session_user = '{DESK}' AND {WORKED} IS NOT TRUE) THEN
        RETURN false;
    END IF;
    next := jsonb_populate_record(kept, changes);
    UPDATE routing."case" SET
        responsible = next.responsible, working = next.working, queue = next.queue,
        candidates = next.candidates, former = next.former, informed = next.informed,
        decision = next.decision, municipality = next.municipality, border = next.border,
        lat = next.lat, long = next.long, tile = next.tile, accuracy_m = next.accuracy_m,
        address = next.address, category = next.category, category_name = next.category_name,
        policy = next.policy, hazard = next.hazard, due_at = next.due_at,
        state = next.state, resumes_as = next.resumes_as, assignee = next.assignee,
        text_to_review = next.text_to_review, routed_at = next.routed_at,
        changed_at = next.changed_at, version = version + 1
    WHERE id = moved;
    RETURN true;
END
$$
"""

TAKE_OVER = """
CREATE OR REPLACE FUNCTION routing.take_over_case(
    taken uuid, seen integer, taker text, worker text, into_queue text, clerk uuid, decided jsonb
) RETURNS SETOF routing."case"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept routing."case";
BEGIN
    SELECT * INTO kept FROM routing."case"
    WHERE id = taken AND version = seen AND closed_at IS NULL
        AND taker = ANY (candidates) AND taker = ANY (routing.scope('taking_bodies'))
        AND routed_at > now() - interval '24 hours'
    FOR UPDATE;
    IF kept.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO routing.case_history (case_id, at, kind, body, clerk_id, version, codes)
    VALUES (taken, now(), 'taken_over', taker, clerk, seen + 1,
        jsonb_build_object('from', coalesce(kept.responsible, kept.working), 'to', taker));
    RETURN QUERY UPDATE routing."case" SET
        responsible = taker, working = worker, queue = into_queue,
        decision = decision || decided,
        candidates = array_remove(array_remove(candidates, taker) || responsible, NULL),
        former = array_remove(array_remove(former, responsible) || responsible, NULL),
        assignee = NULL, version = version + 1, changed_at = now()
    WHERE id = taken
    RETURNING *;
END
$$
"""


def upgrade() -> None:
    op.execute(MOVE)
    op.execute(TAKE_OVER)
    op.execute("REVOKE ALL ON FUNCTION routing.move_case FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION routing.move_case TO {DESK}, {WORKER}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
