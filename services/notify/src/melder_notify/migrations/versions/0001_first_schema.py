"""Event tables, what mails say about reports, contacts, notifications, the catalogue's names."""

from alembic import op

from melder_common.migrations import create_event_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE notify.report (
    report_id UUID PRIMARY KEY,
    number TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    category_name JSONB NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'received',
    responsible_slug TEXT,
    responsible_name TEXT,
    municipality TEXT,
    reason JSONB NOT NULL DEFAULT '{}',
    usual_days DOUBLE PRECISION,
    merged_into UUID,
    submitted_at TIMESTAMPTZ NOT NULL,
    routed_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ
);
CREATE INDEX report_merged_into ON notify.report (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE notify.contact (
    contact_id UUID PRIMARY KEY,
    report_id UUID NOT NULL,
    state TEXT NOT NULL DEFAULT 'unconfirmed',
    channels TEXT[] NOT NULL,
    key_id TEXT,
    wrapped_key BYTEA,
    box BYTEA,
    receipt_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    status_mailed_at TIMESTAMPTZ,
    erase_after TIMESTAMPTZ,
    CONSTRAINT contact_state CHECK
        (state IN ('unconfirmed', 'confirmed', 'unsubscribed', 'not_me', 'erased')),
    CONSTRAINT contact_one_seal CHECK (key_id IS NULL OR wrapped_key IS NULL)
);
CREATE INDEX contact_by_report ON notify.contact (report_id);
CREATE INDEX contact_to_erase ON notify.contact (erase_after) WHERE erase_after IS NOT NULL;
CREATE INDEX contact_as_received ON notify.contact (key_id) WHERE key_id IS NOT NULL;

CREATE TABLE notify.notification (
    notification_id UUID PRIMARY KEY,
    report_id UUID NOT NULL,
    contact_id UUID NOT NULL
        CONSTRAINT notification_contact REFERENCES notify.contact ON DELETE CASCADE,
    event_id UUID NOT NULL,
    channel TEXT NOT NULL DEFAULT 'email',
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    facts JSONB NOT NULL DEFAULT '{}',
    mail_id UUID,
    attempts INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    queued_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    CONSTRAINT notification_once UNIQUE (event_id, contact_id, channel, kind),
    CONSTRAINT notification_state CHECK
        (state IN ('queued', 'held', 'sending', 'sent', 'folded', 'failed', 'dropped'))
);
CREATE INDEX notification_by_report ON notify.notification (report_id);
CREATE UNIQUE INDEX notification_one_receipt ON notify.notification (contact_id)
    WHERE kind = 'receipt';
CREATE INDEX notification_receipt_waits ON notify.notification (queued_at)
    WHERE kind = 'receipt' AND state = 'queued' AND mail_id IS NULL;
CREATE INDEX notification_waiting ON notify.notification (contact_id)
    WHERE state IN ('queued', 'held', 'sending');

CREATE TABLE notify.body (
    slug TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    removed BOOLEAN NOT NULL DEFAULT false
);
CREATE TABLE notify.category (
    slug TEXT PRIMARY KEY,
    name JSONB NOT NULL,
    removed BOOLEAN NOT NULL DEFAULT false
);
CREATE TABLE notify.region (
    slug TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL
);

INSERT INTO notify.due (kind, key, at)
VALUES ('release_receipts', 'round', now()), ('erase_contacts', 'round', now())
"""


def upgrade() -> None:
    """Create everything from nothing, and plan the rounds that never end."""
    create_event_tables("notify")
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Going back is a restore (docs/adr)."""
    raise NotImplementedError("restore a backup instead")
