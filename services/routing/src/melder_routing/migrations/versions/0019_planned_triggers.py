"""The functions behind the triggers of cases outside keep their plans.

They were SQL functions, whose statements PostgreSQL plans anew at every call: two milliseconds for
every line of history, most of what routing a report cost the database. In PL/pgSQL a connection
plans them once. What they do is what migration 0015 says; nothing is looked for where nothing came.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BEGIN = """
CREATE OR REPLACE FUNCTION routing.begin_outside(come uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF cardinality(come) = 0 THEN
        RETURN;
    END IF;
    INSERT INTO routing.outside_case (id, case_id, body, noted_at)
    SELECT gen_random_uuid(), kept.id, kept.working, now()
    FROM routing."case" AS kept
    JOIN routing.open311_endpoint AS endpoint
        ON endpoint.body = kept.working AND endpoint.removed_at IS NULL
    WHERE kept.id = ANY (come) AND kept.closed_at IS NULL
    ON CONFLICT (case_id, body) DO UPDATE SET
        arrivals = outside_case.arrivals + (outside_case.state = 'left')::integer,
        state = CASE WHEN outside_case.state <> 'left' THEN outside_case.state
            WHEN outside_case.remote_id IS NOT NULL THEN 'sent' ELSE 'waiting' END;
    INSERT INTO routing.case_link (id, case_id, body, noted_at)
    SELECT gen_random_uuid(), kept.id, kept.working, now()
    FROM routing."case" AS kept
    JOIN routing.link_receiver AS receiver
        ON receiver.body = kept.working AND receiver.removed_at IS NULL
    WHERE kept.id = ANY (come) AND kept.closed_at IS NULL
    ON CONFLICT (case_id, body) DO UPDATE SET
        state = 'waiting', noted_at = now(), asked = false,
        arrivals = case_link.arrivals + 1, generation = case_link.generation + 1,
        reminders = 0, answer = NULL, answered_at = NULL, error = NULL
    WHERE case_link.state = 'left';
END
$$
"""

TOUCH = """
CREATE OR REPLACE FUNCTION routing.touch_outside(moved uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH outside AS (
        SELECT id FROM routing.outside_case WHERE case_id = ANY (moved) FOR UPDATE
    ), linked AS (
        SELECT id FROM routing.case_link WHERE case_id = ANY (moved) FOR UPDATE
    )
    INSERT INTO routing.due (kind, key, at)
    SELECT 'outside_case', id::text, now() FROM outside
    UNION ALL SELECT 'case_link', id::text, now() FROM linked
    ON CONFLICT (kind, key) DO UPDATE SET at = least(due.at, excluded.at);
END
$$
"""


def upgrade() -> None:
    op.execute(BEGIN)
    op.execute(TOUCH)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
