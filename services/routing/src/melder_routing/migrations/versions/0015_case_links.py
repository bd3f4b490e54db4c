"""Bodies reached by a link to each of their cases: where the mails go, and how each case stands.

The triggers of migration 0011 note both kinds of bodies outside, in the same places and with the
same promises; here their functions learn the second kind.

Nobody is signed in at the page behind a link, so row-level security knows no body before the link
was read: ``find_case_link`` gives away what is needed to check it, and no more. The desk may not
read addresses: mails leave from the worker.
"""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER, lock_rows_beside_case

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE routing.link_receiver (
    body text PRIMARY KEY REFERENCES routing.body (slug),
    email text NOT NULL,
    send text NOT NULL CHECK (send IN ('at_once', 'after_review', 'by_hand')),
    longest_wait_hours integer NOT NULL,
    remind_after integer NOT NULL,
    their_texts text NOT NULL CHECK (their_texts IN ('public', 'held')),
    removed_at timestamptz
);
CREATE TABLE routing.case_link (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    body text NOT NULL REFERENCES routing.body (slug),
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'issued', 'sent', 'failed', 'declined', 'left')),
    noted_at timestamptz NOT NULL,
    arrivals integer NOT NULL DEFAULT 1,
    asked boolean NOT NULL DEFAULT false,
    generation integer NOT NULL DEFAULT 1,
    mails integer NOT NULL DEFAULT 0,
    mail_id uuid,
    issued_at timestamptz,
    sent_at timestamptz,
    reminders integer NOT NULL DEFAULT 0,
    answer text,
    answered_at timestamptz,
    error text,
    UNIQUE (case_id, body)
);
CREATE INDEX case_link_mail ON routing.case_link (mail_id) WHERE mail_id IS NOT NULL
"""

BEGIN = """
CREATE OR REPLACE FUNCTION routing.begin_outside(come uuid[]) RETURNS void
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
    WHERE case_link.state = 'left'
$$
"""

TOUCH = """
CREATE OR REPLACE FUNCTION routing.touch_outside(moved uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH outside AS (
        SELECT id FROM routing.outside_case WHERE case_id = ANY (moved) FOR UPDATE
    ), linked AS (
        SELECT id FROM routing.case_link WHERE case_id = ANY (moved) FOR UPDATE
    )
    INSERT INTO routing.due (kind, key, at)
    SELECT 'outside_case', id::text, now() FROM outside
    UNION ALL SELECT 'case_link', id::text, now() FROM linked
    ON CONFLICT (kind, key) DO UPDATE SET at = least(due.at, excluded.at)
$$
"""

ON_HISTORY = """
CREATE OR REPLACE FUNCTION routing.mind_outside_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM routing.open311_endpoint)
        OR EXISTS (SELECT FROM routing.link_receiver) THEN
        PERFORM routing.begin_outside(
            ARRAY(SELECT case_id FROM written WHERE kind = 'opened'));
        PERFORM routing.touch_outside(ARRAY(SELECT DISTINCT case_id FROM written));
    END IF;
    RETURN NULL;
END
$$
"""

FIND = """
CREATE FUNCTION routing.find_case_link(wanted uuid)
RETURNS TABLE (body text, number text, generation integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT link.body, kept.number, link.generation
    FROM routing.case_link AS link JOIN routing."case" AS kept ON kept.id = link.case_id
    WHERE link.id = wanted
$$
"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)
    for definition in (BEGIN, TOUCH, ON_HISTORY, FIND):
        op.execute(definition)
    op.execute("REVOKE ALL ON FUNCTION routing.find_case_link(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION routing.find_case_link(uuid) TO {DESK}")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON routing.link_receiver, routing.case_link "
        f"TO {WORKER}"
    )
    op.execute(
        "GRANT SELECT (body, send, longest_wait_hours, remind_after, their_texts, removed_at) "
        f"ON routing.link_receiver TO {DESK}"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON routing.case_link TO {DESK}")
    lock_rows_beside_case("case_link")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
