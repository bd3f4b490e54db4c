"""Two towns side by side in one county, and what is asked of cases between them."""

from typing import Any

from melder_common.event_values import BodyRef

NORD = BodyRef(slug="nord", name="Stadt Nord")
SUED = BodyRef(slug="sued", name="Gemeinde Süd")
IN_NORD, IN_SUED, ON_BORDER = (54.15, 12.1), (54.05, 12.1), (54.09995, 12.1)

LAYOUT = """
INSERT INTO routing.boundary_version (id, attribution) VALUES ('v1', 'wir');
INSERT INTO routing.jurisdiction
    (id, body_id, layer, ars, name, geom, digest, boundary_version)
    SELECT gen_random_uuid(), body.id, 'gemeinde', key, body.name,
        ST_Multi(ST_Segmentize(ST_MakeEnvelope(12, south, 12.2, south + 0.1, 4326), 0.001)),
        'x', 'v1'
    FROM (VALUES ('nord', '130720001001', 54.1), ('sued', '130720002002', 54.0))
        AS given (slug, key, south)
    JOIN routing.body USING (slug);
INSERT INTO routing.body_queue (body_id, queue_id)
    SELECT body.id, queue.id FROM routing.body JOIN routing.queue USING (slug);
INSERT INTO routing.category (id, slug, name, group_slug, group_name, policy_text, policy_photo,
    policy_place, position, due_days, hazard)
    VALUES (gen_random_uuid(), 'needles', '{"de": "Spritzen"}', 'waste', '{"de": "Abfall"}',
        'never', 'never', 'never', 2, 1, true);
INSERT INTO routing.competence (id, body_id, mode, category_group, area)
    SELECT gen_random_uuid(), id, 'responsible', 'waste', 'everywhere'
    FROM routing.body WHERE slug = 'kreis';
INSERT INTO routing.region (id, slug, name, jurisdiction_id, margin_m, outline, reception,
    clearing_queue_id, clearing_body_id, clearing_deputy_id, boundary_version)
    SELECT 1, 'klein', 'Klein', 'klein.example', 0, area, area, queue.id, body.id, deputy.id, 'v1'
    FROM (SELECT ST_Multi(ST_MakeEnvelope(12, 54, 12.2, 54.2, 4326)) AS area) AS whole,
        routing.queue, routing.body, routing.body AS deputy
    WHERE queue.slug = 'kreis' AND body.slug = 'kreis' AND deputy.slug = 'nord'
"""


async def kinds(world: Any, number: str) -> list[str]:
    return [line.kind for line in await world.history(number)]


async def move(clerk: Any, number: str, at: tuple[float, float]) -> None:
    await clerk.do(number, "place", lat=str(at[0]), long=str(at[1]))
