"""Writing what a region file declares, but for geometry: bodies, queues, categories, duties."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Table,
    Uuid,
    all_,
    cast,
    delete,
    func,
    insert,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.german import ARTICLES
from melder_routing.domain.keys import body_id, category_id, queue_id
from melder_routing.domain.region import BodyEntry, CategoryEntry, CompetenceEntry, Region
from melder_routing.store.region_tables import body, body_queue, category, question, queue

Row = dict[str, Any]

CHUNK = 200


async def put_bodies(connection: AsyncConnection, region: Region) -> None:
    """Add and change bodies; mark as removed what the file no longer has."""
    rows = [
        {
            "id": body_id(entry.slug),
            "slug": entry.slug,
            "name": entry.name,
            "place_name": entry.place_name or entry.name,
            "article": entry.article or ARTICLES[entry.kind],
            "kind": entry.kind,
            "ars": entry.ars,
            "participation": entry.participation,
            "aliases": list(entry.aliases),
            "languages": list(entry.languages),
            "population": _population(entry, region),
            "contact": entry.contact or {},
            "on_call": entry.on_call,
            "branding": entry.branding,
        }
        for entry in region.bodies
    ]
    await _put(connection, body, rows)
    await connection.execute(
        _PARENTS,
        {
            "ids": [body_id(entry.slug) for entry in region.bodies],
            "parents": [body_id(e.parent) if e.parent else None for e in region.bodies],
        },
    )


def _population(entry: BodyEntry, region: Region) -> int | None:
    if entry.population is None and entry.kind == "gemeinde":
        return region.region.unstated_population
    return entry.population


_PARENTS = text(
    """
    UPDATE routing.body SET parent_id = given.parent
    FROM unnest(CAST(:ids AS uuid[]), CAST(:parents AS uuid[])) AS given (id, parent)
    WHERE body.id = given.id AND body.parent_id IS DISTINCT FROM given.parent
    """
)


async def put_queues(connection: AsyncConnection, region: Region) -> None:
    """Add and change queues; mark as removed what the file no longer has."""
    rows = [
        {"id": queue_id(entry.slug), "slug": entry.slug, "name": entry.name}
        for entry in region.queues
    ]
    await _put(connection, queue, rows)


async def put_categories(connection: AsyncConnection, region: Region) -> None:
    """Add and change categories with their questions; mark as removed what is gone."""
    rows = [_category(entry, position, region) for position, entry in enumerate(region.categories)]
    await _put(connection, category, rows)
    await connection.execute(delete(question))
    questions = [row for entry in region.categories for row in _questions(entry)]
    if questions:
        await connection.execute(insert(question), questions)


async def put_body_queues(connection: AsyncConnection, region: Region) -> None:
    """Say whose cases lie in which queue."""
    rows = [
        {
            "body_id": body_id(service.body),
            "category_id": category_id(service.category) if service.category else None,
            "category_group": service.group,
            "queue_id": queue_id(entry.slug),
        }
        for entry in region.queues
        for service in entry.serves
    ]
    await connection.execute(delete(body_queue))
    if rows:
        await connection.execute(insert(body_queue), rows)


def competence_row(entry: CompetenceEntry, position: int) -> Row:
    """A competence without its geometry; ``position`` in the file makes it unlike its twins."""
    return {
        "id": uuid5(NAMESPACE_URL, f"competence:{position}:{entry.model_dump_json()}"),
        "body_id": body_id(entry.body),
        "mode": entry.mode,
        "category_id": category_id(entry.category) if entry.category else None,
        "category_group": entry.group,
        "area": entry.area,
        "condition": entry.condition.model_dump(exclude_defaults=True, mode="json"),
        "performs_for": list(entry.performs_for),
        "because": entry.because or {},
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
    }


def _category(entry: CategoryEntry, position: int, region: Region) -> Row:
    return {
        "id": category_id(entry.slug),
        "slug": entry.slug,
        "name": entry.name,
        "group_slug": entry.group,
        "group_name": region.groups[entry.group],
        "description": entry.description or {},
        "keywords": list(entry.keywords),
        "policy_text": entry.policy.text,
        "policy_photo": entry.policy.photo,
        "policy_place": entry.policy.place,
        "hazard": entry.hazard,
        "asset_types": list(entry.asset_types),
        "type": entry.type,
        "position": position,
        "due_days": entry.due_days,
    }


def _questions(entry: CategoryEntry) -> Iterable[Row]:
    for one in entry.questions:
        yield {
            "category_id": category_id(entry.slug),
            "code": one.code,
            "datatype": one.datatype,
            "text": one.text,
            "hint": one.hint,
            "required": one.required,
            "variable": one.variable,
            "position": one.order,
            "choices": [choice.model_dump() for choice in one.choices],
        }


async def _put(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Upsert ``rows`` by id, and mark all others as removed now."""
    statement = upsert(table)
    new = {name: statement.excluded[name] for name in rows[0] if name != "id"}
    put = statement.on_conflict_do_update(index_elements=["id"], set_={**new, "removed_at": None})
    for some in in_chunks(rows):
        await connection.execute(put, some)
    await connection.execute(
        update(table)
        .where(not_among(table, [row["id"] for row in rows]), table.c.removed_at.is_(None))
        .values(removed_at=func.now())
    )


def in_chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """``rows`` in pieces small enough for the deadline of one command."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def not_among(table: Table, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Rows of ``table`` with other ids: one array, whatever its length."""
    return table.c.id != all_(cast(list(ids), ARRAY(Uuid)))
