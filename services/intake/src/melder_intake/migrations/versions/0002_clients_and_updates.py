"""Keys with an overlap, quotas and allowed services; updates of reports, read by time and received.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE intake.api_client
        ADD COLUMN note TEXT,
        ADD COLUMN requests_per_day INTEGER,
        ADD COLUMN services TEXT[] DEFAULT '{}' NOT NULL,
        ADD COLUMN peer BOOLEAN DEFAULT 'false' NOT NULL,
        ADD COLUMN previous_key_hash BYTEA,
        ADD COLUMN previous_key_until TIMESTAMP WITH TIME ZONE,
        ADD COLUMN rotated_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_used_on DATE,
        ADD CONSTRAINT api_client_previous_key_hash_key UNIQUE (previous_key_hash)
    """,
    # a name means one client from now on: the newer ones of a name get a mark
    """
    UPDATE intake.api_client AS younger
    SET name = younger.name || ' (' || left(younger.client_id::text, 8) || ')'
    WHERE younger.revoked_at IS NULL AND EXISTS (
        SELECT FROM intake.api_client AS older
        WHERE older.revoked_at IS NULL AND lower(older.name) = lower(younger.name)
          AND (older.created_at, older.client_id) < (younger.created_at, younger.client_id)
    )
    """,
    """
    CREATE UNIQUE INDEX api_client_one_name ON intake.api_client (lower(name))
        WHERE revoked_at IS NULL
    """,
    """
    CREATE TABLE intake.api_client_quota (
        client_id UUID NOT NULL,
        rule VARCHAR(6) NOT NULL,
        full_until TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT api_client_quota_pkey PRIMARY KEY (client_id, rule),
        CONSTRAINT api_client_quota_client_id_fkey FOREIGN KEY(client_id)
            REFERENCES intake.api_client (client_id)
    )
    """,
    """
    COMMENT ON TABLE intake.api_client_quota IS
        'Until when all processes'' requests fill each quota (a leaking bucket).'
    """,
    """
    CREATE TABLE intake.received_update (
        client_id UUID NOT NULL,
        update_id TEXT NOT NULL,
        report_id UUID NOT NULL,
        comment_id UUID NOT NULL,
        content_hash BYTEA,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT received_update_pkey PRIMARY KEY (client_id, update_id),
        CONSTRAINT received_update_client_id_fkey FOREIGN KEY(client_id)
            REFERENCES intake.api_client (client_id),
        CONSTRAINT received_update_report_id_fkey FOREIGN KEY(report_id)
            REFERENCES intake.report (report_id)
    )
    """,
    "CREATE INDEX received_update_of ON intake.received_update (report_id)",
    """
    COMMENT ON TABLE intake.received_update IS
        'Updates that API clients sent, each taken once; without hash after the erasure.'
    """,
)

INDEXES = {
    "timeline_entry_when": "intake.timeline_entry (at, entry_id)",
    "message_when": "intake.message (posted_at, message_id) WHERE public",
}
"""Built beside the traffic; an interrupted build leaves an invalid one, hence dropped first."""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    with op.get_context().autocommit_block():
        # a build waits for transactions older than itself, which may be a backup
        op.execute("SET lock_timeout = '10min'")
        for name, definition in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS intake.{name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
