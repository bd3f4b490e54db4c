"""Outside cases: what leaves, what was told and heard. Callers hold the case's lock."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CaseState
from melder_routing.domain.outside import OutsideCase, Shown, Word, sorted_words
from melder_routing.domain.outside_form import Contents
from melder_routing.domain.outside_trouble import Trouble
from melder_routing.store.case_tables import case, case_history, case_message, case_photo, case_text
from melder_routing.store.cases import facts_of
from melder_routing.store.outside_tables import outside_case, outside_heard, outside_told
from melder_routing.store.region_tables import category, question

BY_OUTSIDE = {"by": "open311"}
"""What a line of history says of a change that the other side made."""

FIRST_TRY = "first try"
"""Beside the news in ``outside_told``: the moment at which the case began to leave."""

LONGEST_TOKEN = timedelta(days=1)
"""So long a case may lie there under a token only; nothing can be heard of it."""

STILL_HEARD = timedelta(days=90)
"""So long after its end a case is still listened for."""


async def find_case_id(connection: AsyncConnection, outside_id: UUID) -> UUID | None:
    """The case of an outside case."""
    chosen = select(outside_case.c.case_id).where(outside_case.c.id == outside_id)
    found: UUID | None = await connection.scalar(chosen)
    return found


async def lock_outside(connection: AsyncConnection, outside_id: UUID) -> OutsideCase:
    """The row, locked until the commit; its case was locked before."""
    chosen = select(outside_case).where(outside_case.c.id == outside_id)
    return _outside((await connection.execute(chosen.with_for_update())).one())


async def note_outside(connection: AsyncConnection, outside_id: UUID, **values: Any) -> None:
    """Write columns by name."""
    changed = update(outside_case).where(outside_case.c.id == outside_id)
    await connection.execute(changed.values(**values))


async def ask_to_send(
    connection: AsyncConnection, outside_id: UUID, case_id: UUID, slug: str, now: datetime
) -> None:
    """A clerk wants the case sent (again) to the body ``slug``; a first time makes the row.

    What may have arrived is sent again as it was; what was refused, as it is now.
    """
    statement = upsert(outside_case).values(
        id=outside_id, case_id=case_id, body=slug, noted_at=now, asked=True
    )
    unsure = outside_case.c.error == Trouble.UNCLEAR.value
    asked = {
        "state": sql_case((unsure, "posting"), else_="waiting"),
        "asked": True,
        "attempts": 0,
        "error": None,
        "error_words": None,
    }
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["case_id", "body"],
            set_={**asked, "failing_since": None, "next_at": None},
            where=or_(
                outside_case.c.state == "refused",
                and_(outside_case.c.state == "waiting", outside_case.c.remote_id.is_(None)),
            ),
        )
    )


async def count_stuck(connection: AsyncConnection) -> int:
    """Open cases that were to go and did not arrive, were refused, or get no number."""
    not_there = and_(
        outside_case.c.state.in_(("posting", "refused")), outside_case.c.error.is_not(None)
    )
    numberless = and_(
        outside_case.c.state == "token", outside_case.c.sent_at < func.now() - LONGEST_TOKEN
    )
    chosen = (
        select(func.count())
        .select_from(outside_case)
        .join(case, case.c.id == outside_case.c.case_id)
        .where(or_(not_there, numberless), case.c.closed_at.is_(None))
    )
    return int(await connection.scalar(chosen) or 0)


async def read_told(connection: AsyncConnection, outside_id: UUID) -> frozenset[str]:
    """The keys of what the other side has heard."""
    chosen = select(outside_told.c.what).where(
        outside_told.c.outside_id == outside_id, outside_told.c.done
    )
    return frozenset(await connection.scalars(chosen))


async def begin_to_tell(
    connection: AsyncConnection, outside_id: UUID, key: str, now: datetime
) -> datetime:
    """Note that a piece of news is on its way; when it was said first, the same for every try."""
    values = {"outside_id": outside_id, "what": key, "at": now, "done": False}
    await connection.execute(upsert(outside_told).values(values).on_conflict_do_nothing())
    first = select(outside_told.c.at).where(
        outside_told.c.outside_id == outside_id, outside_told.c.what == key
    )
    said: datetime = (await connection.execute(first)).scalar_one()
    return said


async def note_first_try(connection: AsyncConnection, outside_id: UUID, now: datetime) -> None:
    """Note when the case began to leave: what is said in public from then on is news over there."""
    values = {"outside_id": outside_id, "what": FIRST_TRY, "at": now, "done": False}
    put = upsert(outside_told).values(values)
    await connection.execute(
        put.on_conflict_do_update(index_elements=["outside_id", "what"], set_={"at": now})
    )


async def add_told(
    connection: AsyncConnection, outside_id: UUID, keys: Iterable[str], now: datetime
) -> None:
    """Remember what the other side has heard."""
    rows = [{"outside_id": outside_id, "what": key, "at": now} for key in sorted(keys)]
    if rows:
        put = upsert(outside_told).on_conflict_do_update(
            index_elements=["outside_id", "what"], set_={"done": True}
        )
        await connection.execute(put, rows)


async def add_heard(
    connection: AsyncConnection, outside_id: UUID, update_id: str, now: datetime
) -> bool:
    """Remember an update of theirs; False when it was heard before."""
    statement = upsert(outside_heard).on_conflict_do_nothing()
    values = {"outside_id": outside_id, "update_id": update_id, "at": now}
    return bool((await connection.execute(statement.values(values))).rowcount)


async def note_standing(
    connection: AsyncConnection, outside_id: UUID, update_id: str, now: datetime
) -> bool:
    """Remember how a request stands; False when it stood so at the last look.

    Unlike an update it may come again: open, closed, and open once more.
    """
    heard = outside_heard.c
    last = select(heard.update_id).where(heard.outside_id == outside_id)
    newest = last.order_by(heard.at.desc()).limit(1)
    if await connection.scalar(newest) == update_id:
        return False
    values = {"outside_id": outside_id, "update_id": update_id, "at": now}
    statement = upsert(outside_heard).values(values)
    again = statement.on_conflict_do_update(
        index_elements=["outside_id", "update_id"], set_={"at": now}
    )
    await connection.execute(again)
    return True


async def list_listened(
    connection: AsyncConnection, slug: str, now: datetime
) -> dict[str, list[tuple[UUID, UUID]]]:
    """By the number over there: (outside case, case) of all that the body still may speak of."""
    chosen = (
        select(outside_case.c.remote_id, outside_case.c.id, outside_case.c.case_id)
        .join(case, case.c.id == outside_case.c.case_id)
        .where(
            outside_case.c.body == slug,
            outside_case.c.remote_id.is_not(None),
            outside_case.c.state == "sent",
            or_(case.c.closed_at.is_(None), case.c.closed_at > now - STILL_HEARD),
        )
    )
    found: dict[str, list[tuple[UUID, UUID]]] = {}
    for remote_id, outside_id, case_id in await connection.execute(chosen):
        found.setdefault(remote_id, []).append((outside_id, case_id))
    return found


async def read_shown(connection: AsyncConnection, outside: OutsideCase) -> Shown:
    """What of the case is released, and what was said in public since it left."""
    text = await connection.scalar(
        select(case_text.c.public_text).where(case_text.c.case_id == outside.case_id)
    )
    photos = await connection.execute(
        select(case_photo.c.photo_id, case_photo.c.state)
        .where(case_photo.c.case_id == outside.case_id)
        .order_by(case_photo.c.position, case_photo.c.photo_id)
    )
    states = {row.photo_id: row.state for row in photos}
    return Shown(
        text=text or None,
        photos=tuple(photo for photo, state in states.items() if state == "released"),
        words=await _words(connection, outside),
        photos_pending=bool({"expected", "release_asked"} & set(states.values())),
    )


async def _words(connection: AsyncConnection, outside: OutsideCase) -> tuple[Word, ...]:
    """Public messages and changes of state by us; what the other side caused is left out."""
    if outside.sent_at is None:
        return ()
    first_try = select(outside_told.c.at).where(
        outside_told.c.outside_id == outside.id, outside_told.c.what == FIRST_TRY
    )
    said = await connection.execute(
        select(case_history.c.id, case_history.c.at, case_history.c.codes, case_message.c.text)
        .outerjoin(
            case_message,
            and_(case_message.c.id == case_history.c.refers_to, case_message.c.public),
        )
        .where(
            case_history.c.case_id == outside.case_id,
            case_history.c.at > func.coalesce(first_try.scalar_subquery(), outside.sent_at),
            case_history.c.codes["by"].astext.is_distinct_from(BY_OUTSIDE["by"]),
            or_(
                case_history.c.kind == "state",
                and_(case_history.c.kind == "message", case_message.c.id.is_not(None)),
            ),
        )
    )
    return sorted_words([_word(row) for row in said])


def _word(row: Any) -> Word:
    to = row.codes.get("to")
    return Word(f"line:{row.id:020}", row.at, row.text, CaseState(to) if to else None)


async def read_contents(connection: AsyncConnection, case_id: UUID, text: str | None) -> Contents:
    """What a POST is made of, besides the photos; ``text`` is the released one."""
    row = (
        await connection.execute(
            select(case, case_text.c.attributes)
            .join(case_text, case_text.c.case_id == case.c.id)
            .where(case.c.id == case_id)
        )
    ).one()
    kinds = await connection.execute(
        select(question.c.code, question.c.datatype)
        .join(category, category.c.id == question.c.category_id)
        .where(category.c.slug == row.category)
    )
    facts = facts_of(row)
    return Contents(
        number=row.number,
        category=row.category,
        category_name=row.category_name.get("de", row.category),
        place=facts.place,
        policy=facts.policy,
        hazard=row.hazard,
        text=text,
        answers={code: tuple(values) for code, values in row.attributes.items()},
        datatypes={row.code: row.datatype for row in kinds},
    )


async def get_client_name(connection: AsyncConnection, case_id: UUID) -> str | None:
    """The API client that reported the case, by its name."""
    found: str | None = await connection.scalar(
        select(case.c.api_client).where(case.c.id == case_id)
    )
    return found


def _outside(row: Row[Any]) -> OutsideCase:
    names = OutsideCase.__dataclass_fields__
    values = {name: getattr(row, name) for name in names}
    return OutsideCase(**{**values, "with_photos": tuple(row.with_photos)})
