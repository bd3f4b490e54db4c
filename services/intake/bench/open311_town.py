"""A made-up region for the bench: 40 categories, 60 bodies, and SQL that fills its public view."""

import secrets as chance
from datetime import UTC, datetime
from pathlib import Path

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
)
from melder_common.sealing import generate_period_key
from melder_intake.settings import IntakeSettings

BODIES = 60
CATEGORIES = 40
_AREA = ((((11.5, 53.5), (12.8, 53.5), (12.8, 54.5), (11.5, 54.5), (11.5, 53.5)),),)

CATALOGUE = (
    *(
        CatalogueBodyDescribed(
            body=BodyRef(slug=f"b{n:02}", name=f"Gemeinde {n}"), kind="gemeinde",
            ars=f"13072{n:04}{n:03}", participation="desk",
        )
        for n in range(BODIES)
    ),
    *(
        CatalogueCategoryDescribed(
            category=CategoryRef(slug=f"c{n:02}", name={"de": f"Kategorie {n}"}), description={},
            policy=PublicationPolicy(text="at_once"), order=n,
        )
        for n in range(CATEGORIES)
    ),
    CatalogueReceptionAreaDescribed(area=_AREA, outline=_AREA, bbox=(11.5, 53.5, 12.8, 54.5)),
    CataloguePublished(
        version=1, region="bench", name="Bench", jurisdiction_id="bench.example",
        bodies=BODIES, categories=CATEGORIES, digest="0" * 64,
    ),
)  # fmt: skip

FILL = (
    """
    CREATE TEMPORARY TABLE made AS SELECT
        n, gen_random_uuid() AS report_id, lpad(n::text, 8, '0') AS number,
        now() - (:size - n) * interval '365 days' / :size AS submitted_at,
        -- squares make some bodies, categories and places far more frequent than others
        floor(60 * random() ^ 3)::int AS body, floor(40 * random() ^ 2)::int AS category,
        11.6 + 1.1 * random() AS long, 53.6 + 0.8 * random() AS lat,
        n < :size * 0.93 AND random() < 0.97 AS closed,
        'Seit einigen Tagen ist die ' || (ARRAY['Laterne', 'Straße', 'Bank', 'Ampel', 'Brücke'])
            [1 + floor(5 * random())::int] || ' beschädigt, bitte prüfen. Wort'
            || floor(2000 * random())::int || ' ' || repeat('Das stört viele Leute hier. ', 6)
            AS text
    FROM generate_series(1, :size) AS n
    """,
    """
    INSERT INTO intake.report (report_id, number, source, category, lat, long, description,
        attributes, hazard, language, submitted_at)
    SELECT report_id, number, 'web', 'c' || lpad(category::text, 2, '0'), lat, long, text,
        '{}', false, 'de', submitted_at FROM made ORDER BY n
    """,
    """
    INSERT INTO intake.public_report (report_id, number, submitted_at, changed_at, closed_at,
        category, state, decision, responsible_slug, responsible_name, working_slug, working_name,
        bodies, municipality, reason, usual_days, policy_text, policy_photo, policy_place,
        lat, long, address, text, case_id)
    SELECT report_id, number, submitted_at,
        least(now(), submitted_at + random() * interval '20 days'),
        CASE WHEN closed THEN least(now(), submitted_at + interval '10 days' * random()) END,
        'c' || lpad(category::text, 2, '0'), CASE WHEN closed THEN 'resolved' ELSE 'accepted' END,
        'decided', 'b' || lpad(body::text, 2, '0'), 'Gemeinde ' || body,
        'b' || lpad(body::text, 2, '0'), 'Gemeinde ' || body,
        ARRAY['b' || lpad(body::text, 2, '0')], 'Gemeinde ' || body,
        jsonb_build_object('de', 'Nach unseren Daten zuständig ist Gemeinde ' || body || '.'),
        5, 'at_once', 'after_review',
        CASE WHEN category % 10 = 9 THEN 'never' ELSE 'at_once' END,
        lat, long, 'Lange Straße ' || n % 200, text, gen_random_uuid()
    FROM made ORDER BY n
    """,
    """
    INSERT INTO intake.timeline_entry (entry_id, report_id, at, kind, state, body_name, text)
    SELECT gen_random_uuid(), report_id, submitted_at + kind.later, kind.kind, kind.state,
        'Gemeinde ' || body, kind.text
    FROM made, (VALUES
        (interval '1 second', 'routed', NULL, NULL),
        (interval '1 day', 'status', 'accepted', 'Wir kümmern uns darum.'),
        (interval '5 days', 'status', 'resolved', 'Erledigt, danke für den Hinweis.')
    ) AS kind (later, kind, state, text)
    WHERE closed OR kind.state IS DISTINCT FROM 'resolved' ORDER BY n
    """,
    """
    INSERT INTO intake.public_photo (photo_id, report_id, state, renditions, changed_at)
    SELECT gen_random_uuid(), report_id, CASE WHEN n % 10 < 3 THEN 'released' ELSE 'ready' END,
        '[{"name": "full", "width": 1600, "height": 1200},
          {"name": "list", "width": 400, "height": 300}]', submitted_at
    FROM made WHERE n % 10 < 5 ORDER BY n
    """,
    "DROP TABLE made",
    "VACUUM ANALYZE intake.report, intake.public_report",
    "VACUUM ANALYZE intake.timeline_entry, intake.public_photo",
)


def write_secrets(directory: Path) -> Path:
    """Every secret intake needs."""
    for name in ("public", "private"):
        (directory / name).mkdir(parents=True)
    for name in ("internal_token", "tracking_key", "form_key"):
        (directory / name).write_text(chance.token_hex(32))
    period = datetime.now(UTC).strftime("%Y-%m")
    generate_period_key(period, public_dir=directory / "public", private_dir=directory / "private")
    return directory


def settings_of(url: str, secrets: Path) -> IntakeSettings:
    """Settings of an intake that speaks to nobody."""
    return IntakeSettings(
        database_url=url,
        public_url="http://127.0.0.1:8000",
        port=0,
        internal_token_file=secrets / "internal_token",
        tracking_key_file=secrets / "tracking_key",
        form_key_file=secrets / "form_key",
        sealing_public_dir=secrets / "public",
        routing_internal_url="http://127.0.0.1:9",
        media_internal_url="http://127.0.0.1:9",
    )
