"""Cases that lie with a body reached by Open311: where it is reached, and what it was told.

A case comes to a body in many ways, two of them inside functions of the owner. So the table of
cases itself notes it, in the same transaction: a line "opened", or another working body, makes an
outside case; every later line of history has it looked at again. The triggers decide nothing: they
plan the timer, and never disturb one that is being carried out: its last unit locks the same rows
and looks again before it settles.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER, lock_rows_beside_case

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE routing."case" ADD COLUMN api_client text;
CREATE TABLE routing.open311_endpoint (
    body text PRIMARY KEY REFERENCES routing.body (slug),
    entry jsonb NOT NULL,
    heard_until timestamptz,
    looked_wide_at timestamptz,
    answered_at timestamptz,
    failing_since timestamptz,
    failures integer NOT NULL DEFAULT 0,
    last_error text,
    paused_until timestamptz,
    removed_at timestamptz
);
CREATE TABLE routing.outside_case (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    body text NOT NULL REFERENCES routing.body (slug),
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'posting', 'token', 'sent', 'refused', 'left')),
    noted_at timestamptz NOT NULL,
    arrivals integer NOT NULL DEFAULT 1,
    asked boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    with_text boolean,
    with_photos uuid[] NOT NULL DEFAULT '{}',
    token text,
    remote_id text,
    sent_at timestamptz,
    remote_status text,
    heard_at timestamptz,
    error text,
    error_words text,
    failing_since timestamptz,
    next_at timestamptz,
    UNIQUE (case_id, body)
);
CREATE INDEX outside_case_remote ON routing.outside_case (body, remote_id)
    WHERE remote_id IS NOT NULL;
CREATE TABLE routing.outside_told (
    outside_id uuid NOT NULL REFERENCES routing.outside_case,
    what text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (outside_id, what)
);
CREATE TABLE routing.outside_heard (
    outside_id uuid NOT NULL REFERENCES routing.outside_case,
    update_id text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (outside_id, update_id)
)
"""

BEGIN = """
CREATE FUNCTION routing.begin_outside(come uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO routing.outside_case (id, case_id, body, noted_at)
    SELECT gen_random_uuid(), kept.id, kept.working, now()
    FROM routing."case" AS kept
    JOIN routing.open311_endpoint AS endpoint
        ON endpoint.body = kept.working AND endpoint.removed_at IS NULL
    WHERE kept.id = ANY (come) AND kept.closed_at IS NULL
    ON CONFLICT (case_id, body) DO UPDATE SET
        arrivals = outside_case.arrivals + (outside_case.state = 'left')::integer,
        state = CASE WHEN outside_case.state <> 'left' THEN outside_case.state
            WHEN outside_case.remote_id IS NOT NULL THEN 'sent' ELSE 'waiting' END
$$
"""

TOUCH = """
CREATE FUNCTION routing.touch_outside(moved uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH touched AS (
        SELECT id FROM routing.outside_case WHERE case_id = ANY (moved) FOR UPDATE
    )
    INSERT INTO routing.due (kind, key, at)
    SELECT 'outside_case', id::text, now() FROM touched
    ON CONFLICT (kind, key) DO UPDATE SET at = least(due.at, excluded.at)
$$
"""

ON_HISTORY = """
CREATE FUNCTION routing.mind_outside_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM routing.open311_endpoint) THEN
        PERFORM routing.begin_outside(
            ARRAY(SELECT case_id FROM written WHERE kind = 'opened'));
        PERFORM routing.touch_outside(ARRAY(SELECT DISTINCT case_id FROM written));
    END IF;
    RETURN NULL;
END
$$
"""

ON_CASE = """
CREATE FUNCTION routing.mind_outside_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM routing.begin_outside(ARRAY[NEW.id]);
    PERFORM routing.touch_outside(ARRAY[NEW.id]);
    RETURN NULL;
END
$$
"""

AFTER_HISTORY = """
CREATE TRIGGER case_history_outside AFTER INSERT ON routing.case_history
REFERENCING NEW TABLE AS written FOR EACH STATEMENT
EXECUTE FUNCTION routing.mind_outside_history()
"""

AFTER_MOVE = """
CREATE TRIGGER case_outside AFTER UPDATE OF working ON routing."case" FOR EACH ROW
WHEN (OLD.working IS DISTINCT FROM NEW.working)
EXECUTE FUNCTION routing.mind_outside_move()
"""

FUNCTIONS = ("begin_outside(uuid[])", "touch_outside(uuid[])")


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)
    for definition in (BEGIN, TOUCH, ON_HISTORY, ON_CASE, AFTER_HISTORY, AFTER_MOVE):
        op.execute(definition)
    lock_rows_beside_case("outside_case")
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION routing.{function} FROM PUBLIC")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON routing.open311_endpoint, routing.outside_case, "
        f"routing.outside_told, routing.outside_heard TO {WORKER}"
    )
    op.execute(f"GRANT SELECT ON routing.open311_endpoint TO {DESK}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON routing.outside_case TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
