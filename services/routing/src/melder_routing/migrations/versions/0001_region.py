"""Event tables, and the region: bodies, areas, competences, categories, queues."""

from alembic import op

from melder_common.migrations import create_event_tables
from melder_routing.migrations.row_security import DESK, WORKER

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BODIES = """
CREATE TABLE routing.body (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]+$'),
    name text NOT NULL,
    place_name text NOT NULL,
    article text NOT NULL CHECK (article IN ('der', 'die', 'das')),
    kind text NOT NULL,
    ars text CHECK (ars ~ '^[0-9]{2,12}$'),
    parent_id uuid REFERENCES routing.body,
    participation text NOT NULL
        CHECK (participation IN ('desk', 'link', 'open311', 'notice_only')),
    aliases text[] NOT NULL DEFAULT '{}',
    languages text[] NOT NULL DEFAULT '{de}',
    contact jsonb NOT NULL DEFAULT '{}',
    on_call jsonb NOT NULL DEFAULT '{}',
    branding jsonb NOT NULL DEFAULT '{}',
    removed_at timestamptz
)
"""

QUEUES = """
CREATE TABLE routing.queue (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]+$'),
    name text NOT NULL,
    removed_at timestamptz
)
"""

CATEGORIES = """
CREATE TABLE routing.category (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9_-]+$'),
    name jsonb NOT NULL,
    group_slug text NOT NULL,
    group_name jsonb NOT NULL,
    description jsonb NOT NULL DEFAULT '{}',
    keywords text[] NOT NULL DEFAULT '{}',
    policy_text text NOT NULL CHECK (policy_text IN ('after_review', 'at_once', 'never')),
    policy_photo text NOT NULL CHECK (policy_photo IN ('after_review', 'never')),
    policy_place text NOT NULL CHECK (policy_place IN ('at_once', 'after_review', 'never')),
    hazard boolean NOT NULL DEFAULT false,
    asset_types text[] NOT NULL DEFAULT '{}',
    type text NOT NULL DEFAULT 'realtime' CHECK (type IN ('realtime', 'batch', 'blackbox')),
    position integer NOT NULL,
    due_days integer NOT NULL DEFAULT 10 CHECK (due_days > 0),
    removed_at timestamptz
)
"""

QUESTIONS = """
CREATE TABLE routing.question (
    category_id uuid NOT NULL REFERENCES routing.category ON DELETE CASCADE,
    code text NOT NULL,
    datatype text NOT NULL,
    text jsonb NOT NULL,
    hint jsonb NOT NULL DEFAULT '{}',
    required boolean NOT NULL DEFAULT false,
    variable boolean NOT NULL DEFAULT true,
    position integer NOT NULL,
    choices jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (category_id, code)
)
"""

BOUNDARY_VERSIONS = """
CREATE TABLE routing.boundary_version (
    id text PRIMARY KEY,
    attribution text NOT NULL,
    digests jsonb NOT NULL DEFAULT '{}',
    imported_at timestamptz NOT NULL DEFAULT now()
)
"""

JURISDICTIONS = """
CREATE TABLE routing.jurisdiction (
    id uuid PRIMARY KEY,
    body_id uuid NOT NULL REFERENCES routing.body,
    layer text NOT NULL,
    general boolean NOT NULL DEFAULT true,
    ars text CHECK (ars ~ '^[0-9]{2,12}$'),
    name text NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)),
    metric geometry(MultiPolygon, 25832) NOT NULL
        GENERATED ALWAYS AS (ST_Transform(geom, 25832)) STORED,
    area_m2 double precision NOT NULL
        GENERATED ALWAYS AS (ST_Area(ST_Transform(geom, 25832))) STORED,
    digest text NOT NULL,
    boundary_version text NOT NULL REFERENCES routing.boundary_version,
    valid_from date,
    valid_to date
);
CREATE INDEX jurisdiction_geom ON routing.jurisdiction USING gist (geom);
CREATE INDEX jurisdiction_metric ON routing.jurisdiction USING gist (metric);
CREATE INDEX jurisdiction_body ON routing.jurisdiction (body_id)
"""

COMPETENCES = """
CREATE TABLE routing.competence (
    id uuid PRIMARY KEY,
    body_id uuid NOT NULL REFERENCES routing.body,
    mode text NOT NULL CHECK (mode IN ('responsible', 'performs_for', 'informed')),
    category_id uuid REFERENCES routing.category,
    category_group text,
    area text NOT NULL CHECK (area IN ('jurisdiction', 'own', 'everywhere')),
    geom geometry(MultiPolygon, 4326) CHECK (ST_IsValid(geom)),
    metric geometry(MultiPolygon, 25832) GENERATED ALWAYS AS (ST_Transform(geom, 25832)) STORED,
    area_m2 double precision GENERATED ALWAYS AS (ST_Area(ST_Transform(geom, 25832))) STORED,
    condition jsonb NOT NULL DEFAULT '{}',
    performs_for text[] NOT NULL DEFAULT '{}',
    because jsonb NOT NULL DEFAULT '{}',
    valid_from date,
    valid_to date,
    CHECK ((area = 'own') = (geom IS NOT NULL)),
    CHECK (category_id IS NULL OR category_group IS NULL)
);
CREATE INDEX competence_geom ON routing.competence USING gist (geom) WHERE geom IS NOT NULL;
CREATE INDEX competence_body ON routing.competence (body_id)
"""

BODY_QUEUES = """
CREATE TABLE routing.body_queue (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body_id uuid NOT NULL REFERENCES routing.body,
    category_id uuid REFERENCES routing.category,
    category_group text,
    queue_id uuid NOT NULL REFERENCES routing.queue,
    CHECK (category_id IS NULL OR category_group IS NULL),
    CONSTRAINT body_queue_once UNIQUE NULLS NOT DISTINCT (body_id, category_id, category_group)
)
"""

REGION = """
CREATE TABLE routing.region (
    id smallint PRIMARY KEY CHECK (id = 1),
    slug text NOT NULL,
    name text NOT NULL,
    jurisdiction_id text NOT NULL,
    language text NOT NULL DEFAULT 'de',
    contact jsonb NOT NULL DEFAULT '{}',
    emergency jsonb NOT NULL DEFAULT '{}',
    texts jsonb NOT NULL DEFAULT '{}',
    retention jsonb NOT NULL DEFAULT '{}',
    margin_m integer NOT NULL CHECK (margin_m >= 0),
    outline geometry(MultiPolygon, 4326) NOT NULL,
    reception geometry(MultiPolygon, 4326) NOT NULL,
    excluded geometry(MultiPolygon, 4326),
    waters geometry(MultiPolygon, 4326),
    clearing_queue_id uuid NOT NULL REFERENCES routing.queue,
    clearing_body_id uuid NOT NULL REFERENCES routing.body,
    clearing_deputy_id uuid NOT NULL REFERENCES routing.body,
    boundary_version text NOT NULL,
    digests jsonb NOT NULL DEFAULT '{}',
    rules_version integer NOT NULL DEFAULT 1,
    catalogue_version integer NOT NULL DEFAULT 0,
    catalogue_digest text NOT NULL DEFAULT '',
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

ASSETS = """
CREATE TABLE routing.asset (
    id text PRIMARY KEY,
    type text NOT NULL,
    geom geometry(Point, 4326) NOT NULL,
    operator_id uuid NOT NULL REFERENCES routing.body
);
CREATE INDEX asset_geom ON routing.asset USING gist (geom)
"""

ROAD_SEGMENTS = """
CREATE TABLE routing.road_segment (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer text,
    road_class text NOT NULL CHECK (road_class IN ('A', 'B', 'L', 'K', 'G')),
    in_town boolean NOT NULL,
    authority_id uuid NOT NULL REFERENCES routing.body,
    geom geometry(LineString, 4326) NOT NULL,
    metric geometry(LineString, 25832) NOT NULL
        GENERATED ALWAYS AS (ST_Transform(geom, 25832)) STORED
);
CREATE INDEX road_segment_metric ON routing.road_segment USING gist (metric)
"""

AGREEMENTS = """
CREATE TABLE routing.agreement (
    id uuid PRIMARY KEY,
    first_body_id uuid NOT NULL REFERENCES routing.body,
    second_body_id uuid NOT NULL REFERENCES routing.body,
    leading_body_id uuid NOT NULL REFERENCES routing.body,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    metric geometry(MultiPolygon, 25832) NOT NULL
        GENERATED ALWAYS AS (ST_Transform(geom, 25832)) STORED,
    categories text[] NOT NULL DEFAULT '{}',
    valid_from date,
    valid_to date,
    CHECK (first_body_id <> second_body_id),
    CHECK (leading_body_id IN (first_body_id, second_body_id))
);
CREATE INDEX agreement_metric ON routing.agreement USING gist (metric)
"""

TABLES = (
    BODIES,
    QUEUES,
    CATEGORIES,
    QUESTIONS,
    BOUNDARY_VERSIONS,
    JURISDICTIONS,
    COMPETENCES,
    BODY_QUEUES,
    REGION,
    ASSETS,
    ROAD_SEGMENTS,
    AGREEMENTS,
)

DESK_READS = (
    "body, queue, category, question, boundary_version, jurisdiction, competence, body_queue, "
    "region, asset, road_segment, agreement"
)


def upgrade() -> None:
    create_event_tables("routing", users=(WORKER,))
    for definition in TABLES:
        for statement in definition.split(";"):
            op.execute(statement)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA routing TO {WORKER}")
    reads = ", ".join(f"routing.{name.strip()}" for name in DESK_READS.split(","))
    op.execute(f"GRANT SELECT ON {reads}, routing.cursor TO {DESK}")
    op.execute(f"GRANT INSERT ON routing.outbox TO {DESK}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON routing.due TO {DESK}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON routing.idempotency_key TO {DESK}")


def downgrade() -> None:
    raise NotImplementedError("melder only goes forward: restore the backup instead")
