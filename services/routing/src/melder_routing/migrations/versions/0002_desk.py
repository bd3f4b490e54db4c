"""The desk: cases with their texts, photos, messages and history; clerks, roles, sessions."""

from alembic import op

from melder_routing.migrations.row_security import DESK, WORKER, lock_rows, lock_rows_beside_case

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CLERKS = """
CREATE TABLE routing.clerk (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login = lower(login)),
    name text NOT NULL,
    function text,
    password_hash text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE routing.clerk_role (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clerk_id uuid NOT NULL REFERENCES routing.clerk ON DELETE CASCADE,
    body text NOT NULL REFERENCES routing.body (slug),
    queue text REFERENCES routing.queue (slug),
    role text NOT NULL
        CHECK (role IN ('clerk', 'lead', 'editor', 'field', 'reader', 'auditor', 'admin')),
    CONSTRAINT clerk_role_once UNIQUE NULLS NOT DISTINCT (clerk_id, body, queue, role)
);
CREATE TABLE routing.session (
    token_hash bytea PRIMARY KEY,
    clerk_id uuid NOT NULL REFERENCES routing.clerk ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_age ON routing.session (expires_at);
CREATE INDEX session_clerk ON routing.session (clerk_id);
CREATE TABLE routing.login_failure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login_hash bytea NOT NULL,
    address_hash bytea NOT NULL,
    failed_at timestamptz NOT NULL
);
CREATE INDEX login_failure_login ON routing.login_failure (login_hash, failed_at);
CREATE INDEX login_failure_address ON routing.login_failure (address_hash, failed_at);
CREATE INDEX login_failure_age ON routing.login_failure (failed_at)
"""

STATE = (
    "IN ('received', 'accepted', 'planned', 'in_progress', 'waiting_for_reporter', 'forwarded', "
    "'resolved', 'not_actionable', 'duplicate')"
)

CASES = f"""
CREATE TABLE routing."case" (
    id uuid PRIMARY KEY,
    report_id uuid NOT NULL UNIQUE,
    number text NOT NULL UNIQUE,
    source text NOT NULL,
    language text NOT NULL,
    category text NOT NULL,
    category_name jsonb NOT NULL,
    policy jsonb NOT NULL,
    decision jsonb NOT NULL,
    responsible text REFERENCES routing.body (slug),
    working text NOT NULL REFERENCES routing.body (slug),
    queue text NOT NULL REFERENCES routing.queue (slug),
    candidates text[] NOT NULL DEFAULT '{{}}',
    former text[] NOT NULL DEFAULT '{{}}',
    informed text[] NOT NULL DEFAULT '{{}}',
    municipality text,
    border boolean NOT NULL,
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    long double precision NOT NULL CHECK (long BETWEEN -180 AND 180),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    address text,
    asset_id text,
    tile integer NOT NULL,
    state text NOT NULL CHECK (state {STATE}),
    resumes_as text CHECK (resumes_as {STATE}),
    version integer NOT NULL DEFAULT 1,
    assignee uuid REFERENCES routing.clerk,
    hazard boolean NOT NULL,
    hazard_seen_at timestamptz,
    channels text[] NOT NULL DEFAULT '{{}}',
    contact_confirmed boolean NOT NULL DEFAULT false,
    contact_erased_at timestamptz,
    tracking_opened_at timestamptz,
    text_to_review boolean NOT NULL DEFAULT false,
    photos_to_review smallint NOT NULL DEFAULT 0 CHECK (photos_to_review >= 0),
    unread smallint NOT NULL DEFAULT 0,
    supporters integer NOT NULL DEFAULT 0,
    reopened smallint NOT NULL DEFAULT 0,
    submitted_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    texts_until timestamptz,
    case_until timestamptz,
    erased_at timestamptz,
    CHECK ((closed_at IS NOT NULL) = (state IN ('resolved', 'not_actionable', 'duplicate')))
);
CREATE INDEX case_open ON routing."case" (queue, hazard DESC, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_open_category ON routing."case" (queue, category, hazard DESC, due_at, id)
    WHERE closed_at IS NULL;
CREATE INDEX case_closed ON routing."case" (queue, closed_at DESC, id) WHERE closed_at IS NOT NULL;
CREATE INDEX case_responsible ON routing."case" (responsible, hazard DESC, due_at, id)
    WHERE closed_at IS NULL;
CREATE INDEX case_working ON routing."case" (working, hazard DESC, due_at, id)
    WHERE closed_at IS NULL;
CREATE INDEX case_assignee ON routing."case" (assignee) WHERE closed_at IS NULL;
CREATE INDEX case_tile ON routing."case" (tile) WHERE closed_at IS NULL;
CREATE INDEX case_candidates ON routing."case" USING gin (candidates)
    WHERE border AND closed_at IS NULL;
CREATE INDEX case_texts_until ON routing."case" (texts_until) WHERE erased_at IS NULL;
CREATE TABLE routing.case_text (
    case_id uuid PRIMARY KEY REFERENCES routing."case",
    title text,
    description text,
    attributes jsonb NOT NULL DEFAULT '{{}}',
    media_link text,
    public_text text,
    public_state text NOT NULL DEFAULT 'hidden'
        CHECK (public_state IN ('hidden', 'released', 'redacted'))
);
CREATE TABLE routing.case_photo (
    photo_id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    message_id uuid,
    position smallint NOT NULL,
    state text NOT NULL CHECK (state IN ('expected', 'ready', 'release_asked', 'released',
        'hide_asked', 'hidden', 'rejected', 'deleted')),
    reason text,
    renditions jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX case_photo_case ON routing.case_photo (case_id, position);
CREATE TABLE routing.case_message (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('question', 'answer', 'note', 'status', 'comment',
        'feedback', 'reopen', 'hand_over')),
    by_reporter boolean NOT NULL,
    body text REFERENCES routing.body (slug),
    text text,
    public boolean NOT NULL DEFAULT false,
    answers uuid,
    erased_at timestamptz
);
CREATE INDEX case_message_case ON routing.case_message (case_id, at);
CREATE TABLE routing.case_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    at timestamptz NOT NULL,
    kind text NOT NULL,
    body text,
    clerk_id uuid,
    version integer,
    refers_to uuid,
    codes jsonb NOT NULL DEFAULT '{{}}'
);
CREATE INDEX case_history_case ON routing.case_history (case_id, id);
CREATE TABLE routing.hand_over (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    sender text NOT NULL REFERENCES routing.body (slug),
    receiver text NOT NULL REFERENCES routing.body (slug),
    reason_message uuid NOT NULL,
    step text NOT NULL
        CHECK (step IN ('proposed', 'accepted', 'returned', 'withdrawn', 'to_clearing')),
    returns smallint NOT NULL DEFAULT 0,
    proposed_at timestamptz NOT NULL,
    decided_at timestamptz,
    CHECK (sender <> receiver)
);
CREATE UNIQUE INDEX hand_over_one_open ON routing.hand_over (case_id) WHERE step = 'proposed';
CREATE TABLE routing.legal_hold (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES routing."case",
    set_by uuid NOT NULL REFERENCES routing.clerk,
    reason text NOT NULL,
    review_on date NOT NULL,
    set_at timestamptz NOT NULL,
    lifted_at timestamptz
);
CREATE UNIQUE INDEX legal_hold_one_open ON routing.legal_hold (case_id) WHERE lifted_at IS NULL;
CREATE TABLE routing.mail_log (
    notification_id uuid PRIMARY KEY,
    report_id uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('sent', 'failed')),
    reason text,
    at timestamptz NOT NULL
);
CREATE INDEX mail_log_report ON routing.mail_log (report_id, at);
CREATE TABLE routing.access_log (
    grant_id uuid PRIMARY KEY,
    service text NOT NULL,
    clerk_id uuid NOT NULL,
    action text NOT NULL,
    object_id uuid NOT NULL,
    report_id uuid,
    used_at timestamptz NOT NULL
)
"""

APPEND_ONLY = """
CREATE FUNCTION routing.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER case_history_append_only BEFORE UPDATE OR DELETE ON routing.case_history
    FOR EACH ROW EXECUTE FUNCTION routing.refuse_change();
CREATE TRIGGER case_history_keep BEFORE TRUNCATE ON routing.case_history
    FOR EACH STATEMENT EXECUTE FUNCTION routing.refuse_change();
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE ON routing.access_log
    FOR EACH ROW EXECUTE FUNCTION routing.refuse_change()
"""

SCOPE = """
CREATE FUNCTION routing.scope(name text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(nullif(current_setting('melder.' || name, true), ''), ',')
"""

SEEN = """
    queue = ANY ((SELECT routing.scope('queues'))::text[])
    OR responsible = ANY ((SELECT routing.scope('bodies'))::text[])
    OR working = ANY ((SELECT routing.scope('bodies'))::text[])
"""
WORKED = """
    queue = ANY ((SELECT routing.scope('work_queues'))::text[])
    OR responsible = ANY ((SELECT routing.scope('work_bodies'))::text[])
    OR working = ANY ((SELECT routing.scope('work_bodies'))::text[])
"""

BESIDE_CASE = {
    "case_text": "SELECT, UPDATE",
    "case_photo": "SELECT, UPDATE",
    "case_message": "SELECT, INSERT",
    "case_history": "SELECT, INSERT",
    "hand_over": "SELECT, INSERT, UPDATE",
    "legal_hold": "SELECT, INSERT, UPDATE",
}
"""Tables that follow their case's visibility, with what the desk may do there."""

BORDER_VIEW = """
CREATE VIEW routing.border_case WITH (security_barrier) AS
    SELECT id, category, category_name, municipality, lat, long, state, hazard, working,
        candidates, submitted_at
    FROM routing."case"
    WHERE border AND closed_at IS NULL
        AND candidates && (SELECT routing.scope('border_bodies'))
"""


def upgrade() -> None:
    for definition in (CLERKS, CASES):
        for statement in definition.split(";"):
            op.execute(statement)
    function, *triggers = APPEND_ONLY.split("$$;\n")
    op.execute(function + "$$")
    for statement in "".join(triggers).split(";"):
        op.execute(statement)
    op.execute(SCOPE)
    _lock_rows()
    op.execute(BORDER_VIEW)
    _grant()


def _lock_rows() -> None:
    """The desk's own rules for cases and mails; the tables beside a case follow it."""
    lock_rows('"case"')
    op.execute(f'CREATE POLICY desk_sees ON routing."case" FOR SELECT TO {DESK} USING ({SEEN})')
    op.execute(f'CREATE POLICY desk_works ON routing."case" FOR UPDATE TO {DESK} USING ({WORKED})')
    for table in BESIDE_CASE:
        lock_rows_beside_case(table)
    lock_rows("mail_log")
    op.execute(
        f"CREATE POLICY desk_sees ON routing.mail_log FOR SELECT TO {DESK} USING "
        '(EXISTS (SELECT FROM routing."case" c WHERE c.report_id = mail_log.report_id))'
    )


def _grant() -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA routing TO {WORKER}")
    op.execute(f"REVOKE UPDATE, DELETE ON routing.case_history, routing.access_log FROM {WORKER}")
    op.execute(f'GRANT SELECT, UPDATE ON routing."case" TO {DESK}')
    for table, rights in BESIDE_CASE.items():
        op.execute(f"GRANT {rights} ON routing.{table} TO {DESK}")
    op.execute(f"GRANT SELECT ON routing.mail_log, routing.border_case TO {DESK}")
    op.execute(f"GRANT SELECT ON routing.clerk, routing.clerk_role TO {DESK}")
    op.execute(f"GRANT UPDATE (password_hash) ON routing.clerk TO {DESK}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON routing.idempotency_key TO {DESK}")
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON routing.session, routing.login_failure TO {DESK}"
    )


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
