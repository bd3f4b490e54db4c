"""Mails that bring a body the link to one of its cases.

They are no business of a contact: nobody confirms, folds or unsubscribes. The sealed letter (mailbox
and link) is forgotten when the mail has left or was given up.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE notify.case_mail (
    notification_id UUID PRIMARY KEY,
    event_id UUID NOT NULL,
    report_id UUID NOT NULL,
    body TEXT NOT NULL,
    channel TEXT NOT NULL DEFAULT 'email',
    kind TEXT NOT NULL DEFAULT 'case_link',
    thread_id UUID NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    facts JSONB NOT NULL,
    key_id TEXT,
    box BYTEA,
    attempts INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    queued_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    CONSTRAINT case_mail_once UNIQUE (event_id, body, channel, kind),
    CONSTRAINT case_mail_state CHECK
        (state IN ('queued', 'sending', 'sent', 'failed', 'dropped')),
    CONSTRAINT case_mail_sealed CHECK ((box IS NULL) = (key_id IS NULL))
);
CREATE INDEX case_mail_by_report ON notify.case_mail (report_id);
CREATE INDEX case_mail_by_thread ON notify.case_mail (thread_id);
CREATE INDEX case_mail_waiting ON notify.case_mail (key_id) WHERE key_id IS NOT NULL
"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
