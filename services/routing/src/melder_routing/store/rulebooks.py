"""The rules of the region, read in one statement and kept until an apply changes them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_routing.domain.condition import Condition
from melder_routing.domain.rulebook import (
    Agreement,
    Body,
    Category,
    Clearing,
    Competence,
    CompetenceArea,
    DatedState,
    Mode,
    QueueRule,
    Rulebook,
)
from melder_routing.domain.working_days import HolidayRules


class RegionMissing(LookupError):
    """No region has been applied yet; ``melder apply`` brings it."""

    def __init__(self) -> None:
        super().__init__("no region has been applied yet: run melder apply with a region file")


class Rulebooks:
    """The rulebook of this process; an apply elsewhere is noticed with the next question."""

    def __init__(self) -> None:
        self._kept: Rulebook | None = None

    async def of_version(self, connection: AsyncConnection, version: int) -> Rulebook:
        """The rulebook of ``version``, or a newer one when it was replaced meanwhile."""
        if self._kept is None or self._kept.version != version:
            self._kept = await find_rulebook(connection)
        return self._kept

    async def current(self, connection: AsyncConnection) -> Rulebook:
        """The rulebook as it is now. Raises RegionMissing."""
        version = await connection.scalar(text("SELECT rules_version FROM routing.region"))
        if version is None:
            raise RegionMissing
        return await self.of_version(connection, version)


_RULEBOOK = text(
    """
    SELECT region.rules_version, region.name, region.texts, region.holidays,
        region.boundary_version,
        (SELECT jsonb_agg(jsonb_build_array(
                kind || '-' || source || '-' || version, valid_from, valid_to)
                ORDER BY kind, source, valid_from)
           FROM routing.register
        ) AS registers,
        clearing_queue.slug AS clearing_queue,
        clearing_body.slug AS clearing_body,
        clearing_deputy.slug AS clearing_deputy,
        (SELECT jsonb_agg(to_jsonb(body)
                || jsonb_build_object('parent', parent.slug, 'heir', heir.slug))
           FROM routing.body
           LEFT JOIN routing.body AS above ON above.id = body.parent_id
           LEFT JOIN routing.body AS parent
                ON parent.id = coalesce(above.succeeded_by, above.id)
           LEFT JOIN routing.body AS heir ON heir.id = body.succeeded_by
        ) AS bodies,
        (SELECT jsonb_agg(to_jsonb(category) ORDER BY position) FROM routing.category
        ) AS categories,
        (SELECT jsonb_agg(jsonb_build_object(
                'id', competence.id, 'body', body.slug, 'mode', mode, 'area', area,
                'category', category.slug, 'group', competence.category_group,
                'area_m2', area_m2, 'condition', condition,
                'performs_for', performs_for, 'because', because,
                'valid_from', valid_from, 'valid_to', valid_to) ORDER BY competence.id)
           FROM routing.competence
           JOIN routing.body AS named ON named.id = competence.body_id
           JOIN routing.body ON body.id = coalesce(named.succeeded_by, named.id)
           LEFT JOIN routing.category ON category.id = competence.category_id
        ) AS competences,
        (SELECT jsonb_agg(jsonb_build_object(
                'body', body.slug, 'queue', queue.slug,
                'category', category.slug, 'group', body_queue.category_group))
           FROM routing.body_queue
           JOIN routing.body AS named ON named.id = body_queue.body_id
           JOIN routing.body ON body.id = coalesce(named.succeeded_by, named.id)
           JOIN routing.queue ON queue.id = body_queue.queue_id
           LEFT JOIN routing.category ON category.id = body_queue.category_id
        ) AS queues,
        (SELECT jsonb_agg(jsonb_build_object(
                'id', agreement.id, 'bodies', jsonb_build_array(one.slug, other.slug),
                'leading', lead.slug, 'categories', categories, 'groups', category_groups,
                'because', because, 'valid_from', valid_from, 'valid_to', valid_to)
                ORDER BY agreement.id)
           FROM routing.agreement
           JOIN routing.body AS one ON one.id = agreement.first_body_id
           JOIN routing.body AS other ON other.id = agreement.second_body_id
           JOIN routing.body AS lead ON lead.id = agreement.leading_body_id
        ) AS agreements
    FROM routing.region
    JOIN routing.queue AS clearing_queue ON clearing_queue.id = region.clearing_queue_id
    JOIN routing.body AS clearing_body ON clearing_body.id = region.clearing_body_id
    JOIN routing.body AS clearing_deputy ON clearing_deputy.id = region.clearing_deputy_id
    """
)


async def find_rulebook(connection: AsyncConnection) -> Rulebook:
    """The rules in one snapshot. Raises RegionMissing."""
    row = (await connection.execute(_RULEBOOK)).one_or_none()
    if row is None:
        raise RegionMissing
    bodies = _bodies(row.bodies)
    return Rulebook(
        version=row.rules_version,
        region=row.name,
        boundary_version=row.boundary_version,
        clearing=Clearing(row.clearing_queue, row.clearing_body, row.clearing_deputy),
        bodies=bodies,
        categories={values["slug"]: _category(values) for values in row.categories or ()},
        competences=tuple(_competence(values, bodies) for values in row.competences or ()),
        queues=tuple(QueueRule(**values) for values in row.queues or ()),
        texts=row.texts,
        agreements=tuple(_agreements(row.agreements or (), bodies)),
        holidays=HolidayRules.from_json(row.holidays),
        registers=tuple(_state(*values) for values in row.registers or ()),
    )


def _bodies(rows: Sequence[Mapping[str, Any]]) -> dict[str, Body]:
    """By slug; under that of a body that was succeeded by law stands its successor."""
    bodies = {values["slug"]: _body(values) for values in rows}
    return {row["slug"]: bodies[row["heir"] or row["slug"]] for row in rows}


def _body(values: Mapping[str, Any]) -> Body:
    return Body(
        slug=values["slug"],
        name=values["name"],
        place_name=values["place_name"],
        article=values["article"],
        kind=values["kind"],
        parent=values["parent"],
        takes_part=values["participation"] != "notice_only",
        contact=values["contact"],
        population=values["population"],
    )


def _category(values: Mapping[str, Any]) -> Category:
    return Category(
        slug=values["slug"],
        ref=CategoryRef(slug=values["slug"], name=values["name"], group=values["group_name"]),
        group=values["group_slug"],
        policy=PublicationPolicy(
            text=values["policy_text"],
            photo=values["policy_photo"],
            place=values["policy_place"],
        ),
        hazard=values["hazard"],
        due_days=values["due_days"],
        removed=values["removed_at"] is not None,
        asset_types=frozenset(values["asset_types"]),
    )


def _competence(values: Mapping[str, Any], bodies: Mapping[str, Body]) -> Competence:
    return Competence(
        number=values["id"],
        body=values["body"],
        mode=Mode(values["mode"]),
        area=CompetenceArea(values["area"]),
        category=values["category"],
        group=values["group"],
        area_m2=values["area_m2"],
        performs_for=frozenset(bodies[slug].slug for slug in values["performs_for"]),
        because=values["because"],
        valid_from=_day(values["valid_from"]),
        valid_to=_day(values["valid_to"]),
        condition=condition_of(values["condition"], bodies),
    )


def _agreements(
    rows: Sequence[Mapping[str, Any]], bodies: Mapping[str, Body]
) -> Iterator[Agreement]:
    """Successors stand in for their predecessors; who succeeds both parties needs none."""
    for values in rows:
        parties = frozenset(bodies[slug].slug for slug in values["bodies"])
        if len(parties) > 1:
            yield Agreement(
                number=values["id"],
                bodies=parties,
                leading=bodies[values["leading"]].slug,
                categories=frozenset(values["categories"]),
                groups=frozenset(values["groups"]),
                because=values["because"],
                valid_from=_day(values["valid_from"]),
                valid_to=_day(values["valid_to"]),
            )


def _state(name: str, first: str | None, last: str | None) -> DatedState:
    return DatedState(name, _day(first), _day(last))


def condition_of(values: Mapping[str, Any], bodies: Mapping[str, Body]) -> Condition:
    """A condition as the region file spells it (``ConditionEntry``), of the bodies of today."""
    population = values.get("population") or {}
    operators = (bodies.get(slug) for slug in values.get("asset_operator", ()))
    return Condition(
        road_classes=frozenset(values.get("road_class", ())),
        in_town=values.get("in_town"),
        above=population.get("above"),
        up_to=population.get("up_to"),
        asset_types=frozenset(values.get("asset_type", ())),
        asset_operators=frozenset(body.slug for body in operators if body),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
