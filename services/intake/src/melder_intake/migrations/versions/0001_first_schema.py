"""The first schema: reports, their public view, photos on their way, the catalogue.

Revision ID: 0001
"""

from alembic import op

from melder_common.migrations import create_event_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE intake.api_client (
    client_id UUID NOT NULL,
    name TEXT NOT NULL,
    contact TEXT,
    key_hash BYTEA NOT NULL,
    requests_per_minute INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_client_pkey PRIMARY KEY (client_id),
    CONSTRAINT api_client_key_hash_key UNIQUE (key_hash)
);
COMMENT ON TABLE intake.api_client IS 'Who may post by Open311; keys are kept as SHA-256.';

CREATE TABLE intake.report (
    report_id UUID NOT NULL,
    number VARCHAR(8) NOT NULL,
    source VARCHAR(12) NOT NULL,
    api_client_id UUID,
    category TEXT NOT NULL,
    lat DOUBLE PRECISION,
    long DOUBLE PRECISION,
    accuracy_m DOUBLE PRECISION,
    address TEXT,
    address_id TEXT,
    asset_id TEXT,
    title TEXT,
    description TEXT,
    attributes JSONB DEFAULT '{}' NOT NULL,
    media_link TEXT,
    hazard BOOLEAN NOT NULL,
    language VARCHAR(16) NOT NULL,
    channels TEXT[] DEFAULT '{}' NOT NULL,
    signals TEXT[] DEFAULT '{}' NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    erase_after TIMESTAMP WITH TIME ZONE,
    erased_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT report_pkey PRIMARY KEY (report_id),
    CONSTRAINT report_number_key UNIQUE (number),
    CONSTRAINT report_on_earth CHECK (lat BETWEEN -90 AND 90 AND long BETWEEN -180 AND 180),
    CONSTRAINT report_has_place CHECK (lat IS NOT NULL OR erased_at IS NOT NULL),
    CONSTRAINT report_api_client_id_fkey FOREIGN KEY(api_client_id) REFERENCES intake.api_client (client_id)
);
CREATE INDEX report_to_erase ON intake.report (erase_after) WHERE erased_at IS NULL;
COMMENT ON TABLE intake.report IS 'As submitted: a trigger refuses every change but the erasure.';

CREATE TABLE intake.report_photo (
    report_id UUID NOT NULL,
    photo_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    upload_token TEXT,
    CONSTRAINT report_photo_pkey PRIMARY KEY (report_id, photo_id),
    CONSTRAINT report_photo_report_id_fkey FOREIGN KEY(report_id) REFERENCES intake.report (report_id)
);
CREATE INDEX report_photo_by_photo ON intake.report_photo (photo_id);
COMMENT ON TABLE intake.report_photo IS 'The photos a reporter claimed; the token shows them to nobody else.';

CREATE TABLE intake.participation (
    report_id UUID NOT NULL,
    tracking_opened_at TIMESTAMP WITH TIME ZONE,
    fixed BOOLEAN,
    feedback_at TIMESTAMP WITH TIME ZONE,
    reopen_requests SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT participation_pkey PRIMARY KEY (report_id),
    CONSTRAINT participation_report_id_fkey FOREIGN KEY(report_id) REFERENCES intake.report (report_id)
);
COMMENT ON TABLE intake.participation IS 'What the reporter did since: opened the link, gave feedback, asked to reopen.';

CREATE TABLE intake.comment (
    comment_id UUID NOT NULL,
    report_id UUID NOT NULL,
    source VARCHAR(12) NOT NULL,
    text TEXT NOT NULL,
    answers UUID,
    public BOOLEAN DEFAULT 'false' NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT comment_pkey PRIMARY KEY (comment_id),
    CONSTRAINT comment_report_id_fkey FOREIGN KEY(report_id) REFERENCES intake.report (report_id)
);
CREATE INDEX comment_of ON intake.comment (report_id, written_at);
COMMENT ON TABLE intake.comment IS 'What the reporter added on the tracking page or by mail; public only after review.';

CREATE TABLE intake.supporter (
    report_id UUID NOT NULL,
    person_hash BYTEA NOT NULL,
    supported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT supporter_pkey PRIMARY KEY (report_id, person_hash),
    CONSTRAINT supporter_report_id_fkey FOREIGN KEY(report_id) REFERENCES intake.report (report_id)
);
COMMENT ON TABLE intake.supporter IS 'Who has seen it too, as a keyed hash.';

CREATE TABLE intake.spooled_photo (
    photo_id UUID NOT NULL,
    report_id UUID,
    content_type VARCHAR(80) NOT NULL,
    bytes BIGINT NOT NULL,
    spooled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT spooled_photo_pkey PRIMARY KEY (photo_id)
);
CREATE INDEX spooled_photo_drafts ON intake.spooled_photo (spooled_at) WHERE report_id IS NULL;
COMMENT ON TABLE intake.spooled_photo IS 'Files that came with a form; without a report they belong to a draft.';

CREATE TABLE intake.photo_spool (
    photo_id UUID NOT NULL,
    piece SMALLINT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT photo_spool_pkey PRIMARY KEY (photo_id, piece),
    CONSTRAINT photo_spool_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES intake.spooled_photo (photo_id) ON DELETE CASCADE
);
COMMENT ON TABLE intake.photo_spool IS 'Their bytes, in pieces of 1 MB.';

CREATE TABLE intake.public_report (
    report_id UUID NOT NULL,
    number VARCHAR(8) NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    erased_at TIMESTAMP WITH TIME ZONE,
    case_id UUID,
    category TEXT NOT NULL,
    state TEXT NOT NULL,
    decision TEXT,
    responsible_slug TEXT,
    responsible_name TEXT,
    working_slug TEXT,
    working_name TEXT,
    asked_slug TEXT,
    asked_name TEXT,
    bodies TEXT[] DEFAULT '{}' NOT NULL,
    municipality TEXT,
    border BOOLEAN DEFAULT 'false' NOT NULL,
    border_distance_m DOUBLE PRECISION,
    reason JSONB DEFAULT '{}' NOT NULL,
    usual_days DOUBLE PRECISION,
    policy_text TEXT NOT NULL,
    policy_photo TEXT NOT NULL,
    policy_place TEXT NOT NULL,
    reviewed_at TIMESTAMP WITH TIME ZONE,
    lat DOUBLE PRECISION,
    long DOUBLE PRECISION,
    address TEXT,
    text TEXT,
    duplicate_of UUID,
    words TSVECTOR GENERATED ALWAYS AS (to_tsvector('german', coalesce(text, ''))) STORED,
    CONSTRAINT public_report_pkey PRIMARY KEY (report_id),
    CONSTRAINT public_report_number_key UNIQUE (number)
);
CREATE INDEX public_report_bodies ON intake.public_report USING gin (bodies);
CREATE INDEX public_report_by_category ON intake.public_report (category, submitted_at DESC, report_id DESC);
CREATE INDEX public_report_by_state ON intake.public_report (state, submitted_at DESC, report_id DESC);
CREATE INDEX public_report_changed ON intake.public_report (changed_at DESC);
CREATE INDEX public_report_newest ON intake.public_report (submitted_at DESC, report_id DESC);
CREATE INDEX public_report_words ON intake.public_report USING gin (words);
COMMENT ON TABLE intake.public_report IS 'What the public may see, together with the policy that says when.';

CREATE TABLE intake.public_photo (
    photo_id UUID NOT NULL,
    report_id UUID NOT NULL,
    state VARCHAR(12) NOT NULL,
    reason TEXT,
    renditions JSONB DEFAULT '[]' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT public_photo_pkey PRIMARY KEY (photo_id)
);
CREATE INDEX public_photo_of ON intake.public_photo (report_id);
COMMENT ON TABLE intake.public_photo IS 'How far each photo is; only released ones have a public address.';

CREATE TABLE intake.timeline_entry (
    entry_id UUID NOT NULL,
    report_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind VARCHAR(20) NOT NULL,
    state TEXT,
    body_name TEXT,
    text TEXT,
    data JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT timeline_entry_pkey PRIMARY KEY (entry_id)
);
CREATE INDEX timeline_entry_of ON intake.timeline_entry (report_id, at);
COMMENT ON TABLE intake.timeline_entry IS 'The public history of a report; texts are masked.';

CREATE TABLE intake.message (
    message_id UUID NOT NULL,
    report_id UUID NOT NULL,
    kind VARCHAR(12) NOT NULL,
    text TEXT NOT NULL,
    body_name TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT message_pkey PRIMARY KEY (message_id)
);
CREATE INDEX message_of ON intake.message (report_id, posted_at);
COMMENT ON TABLE intake.message IS 'What a body wrote to the reporter; only public ones leave the tracking page.';

CREATE TABLE intake.body (
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    ars TEXT,
    aliases TEXT[] DEFAULT '{}' NOT NULL,
    participation TEXT NOT NULL,
    contact_text JSONB DEFAULT '{}' NOT NULL,
    parent TEXT,
    removed BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT body_pkey PRIMARY KEY (slug)
);

CREATE TABLE intake.category (
    slug TEXT NOT NULL,
    described JSONB NOT NULL,
    removed BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT category_pkey PRIMARY KEY (slug)
);
COMMENT ON TABLE intake.category IS 'A category as catalogue.category_described.v1 said it.';

CREATE TABLE intake.region (
    one BOOLEAN DEFAULT 'true' NOT NULL,
    area geometry(MULTIPOLYGON,4326),
    outline geometry(MULTIPOLYGON,4326),
    published JSONB,
    revision BIGINT DEFAULT '0' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT region_pkey PRIMARY KEY (one),
    CONSTRAINT region_single_row CHECK (one)
);
COMMENT ON TABLE intake.region IS 'The reception area, and catalogue.published.v1 once it is complete.';
"""

IMMUTABLE_REPORT = """
CREATE FUNCTION intake.refuse_change_of_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.erased_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'erase_after' = to_jsonb(OLD) - 'erase_after' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'report % is immutable: it can only be erased', OLD.number;
END $$;
CREATE TRIGGER report_is_immutable BEFORE UPDATE OR DELETE ON intake.report
    FOR EACH ROW EXECUTE FUNCTION intake.refuse_change_of_report();
"""


def upgrade() -> None:
    create_event_tables("intake")
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in IMMUTABLE_REPORT.strip().split(";\nCREATE TRIGGER"):
        op.execute(statement if statement.startswith("CREATE F") else "CREATE TRIGGER" + statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the first schema has nothing before it")
