"""A case that lay with a body outside is new for the neighbour who takes it over.

It stayed "forwarded", though it lies with nobody outside any more: the taker could not accept it,
and the public read that it was passed on.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

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
    IF kept.state = 'forwarded' THEN
        INSERT INTO routing.case_history (case_id, at, kind, version, codes)
        VALUES (taken, now(), 'state', seen + 1,
            jsonb_build_object('from', kept.state, 'to', 'received', 'by', 'routing'));
    END IF;
    RETURN QUERY UPDATE routing."case" SET
        responsible = taker, working = worker, queue = into_queue,
        decision = decision || decided,
        candidates = array_remove(array_remove(candidates, taker) || responsible, NULL),
        former = array_remove(array_remove(former, responsible) || responsible, NULL),
        state = CASE WHEN state = 'forwarded' THEN 'received' ELSE state END,
        assignee = NULL, version = version + 1, changed_at = now()
    WHERE id = taken
    RETURNING *;
END
$$
"""


def upgrade() -> None:
    op.execute(TAKE_OVER)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
