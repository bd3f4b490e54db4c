"""What the page behind a link reads: the link without any right, then its case with the body's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import PublicationPolicy
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import CaseNotFound
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.clerk import Scope, scope_of_link
from melder_routing.domain.decision import Decision
from melder_routing.domain.link_answers import LinkEnded
from melder_routing.store.case_links import BY_LINK, find_their_texts, link_of, lock_link
from melder_routing.store.case_tables import (
    case,
    case_history,
    case_message,
    case_photo,
    case_text,
)
from melder_routing.store.cases import CASE_COLUMNS, case_of, with_bodies
from melder_routing.store.link_tables import case_link
from melder_routing.store.visible_cases import visible_cases, visible_contents

MOST_WORDS = 20


@dataclass(frozen=True, slots=True)
class LinkFound:
    """A link that exists: whose it is, for which case (number), and which generation counts."""

    link_id: UUID
    body: str
    number: str
    generation: int

    @property
    def scope(self) -> Scope:
        """What the link gives a right to: cases of its body, of which the page opens this one."""
        return scope_of_link(self.body)


@dataclass(frozen=True, slots=True)
class LinkedCase:
    """The case as its body may see it: everything here is released.

    ``their_texts``: whether its words are public or held; none when it gets no links any more.
    """

    case: Case
    link: CaseLink
    facts: Row[Any]
    decision: Decision
    policy: PublicationPolicy
    text: str | None
    photos: Sequence[UUID]
    words: Sequence[Row[Any]]
    their_texts: str | None


async def find_link(connection: AsyncConnection, link_id: UUID) -> LinkFound | None:
    """The link by its id; row-level security needs to know no body for it."""
    found = await connection.execute(_FIND, {"link": link_id})
    row = found.first()
    return LinkFound(link_id, row.body, row.number, row.generation) if row else None


_FIND = text("SELECT body, number, generation FROM routing.find_case_link(:link)")


async def lock_own_link(connection: AsyncConnection, found: LinkFound) -> CaseLink:
    """The link, locked; its case was locked before. Raises LinkEnded when it was renewed."""
    link = await lock_link(connection, found.link_id)
    if link.generation != found.generation:
        raise LinkEnded("replaced")
    return link


async def has_only_arrived(
    connection: AsyncConnection, scope: Scope, present: Case, version: int
) -> bool:
    """Whether nothing happened since ``version`` but that the mail was noted as delivered."""
    chosen = visible_contents(scope, case_history).where(
        case_history.c.case_id == present.case_id, case_history.c.version > version
    )
    lines = (await connection.execute(chosen)).all()
    arrived = [
        line
        for line in lines
        if line.kind == "state" and {**BY_LINK, "to": "forwarded"}.items() <= line.codes.items()
    ]
    return len(arrived) == len(lines) == present.version - version


async def read_linked_case(
    connection: AsyncConnection, scope: Scope, link: LinkFound
) -> LinkedCase:
    """The case behind a link. Raises CaseNotFound when the body may not see it any more."""
    chosen = with_bodies(visible_cases(scope, *CASE_COLUMNS))
    row = (await connection.execute(chosen.where(case.c.number == link.number))).first()
    mine = (
        await connection.execute(select(case_link).where(case_link.c.id == link.link_id))
    ).first()
    if row is None or mine is None:
        raise CaseNotFound(link.number)
    return LinkedCase(
        case=case_of(row),
        link=link_of(mine),
        facts=row,
        decision=Decision.from_json(row.decision),
        policy=PublicationPolicy.model_validate(row.policy),
        text=await _released_text(connection, scope, row.id),
        photos=await _released_photos(connection, scope, row.id),
        words=await _public_words(connection, scope, row.id),
        their_texts=await find_their_texts(connection, link.body),
    )


async def _released_text(connection: AsyncConnection, scope: Scope, case_id: UUID) -> str | None:
    chosen = visible_contents(scope, case_text, case_text.c.public_text)
    found: str | None = await connection.scalar(chosen.where(case_text.c.case_id == case_id))
    return found or None


async def _released_photos(
    connection: AsyncConnection, scope: Scope, case_id: UUID
) -> Sequence[UUID]:
    chosen = visible_contents(scope, case_photo, case_photo.c.photo_id).where(
        case_photo.c.case_id == case_id, case_photo.c.state == "released"
    )
    ordered = chosen.order_by(case_photo.c.position, case_photo.c.photo_id)
    return list(await connection.scalars(ordered))


async def _public_words(
    connection: AsyncConnection, scope: Scope, case_id: UUID
) -> Sequence[Row[Any]]:
    """What bodies said in public, the newest first."""
    chosen = visible_contents(scope, case_message, case_message.c.at, case_message.c.text)
    said = chosen.where(
        case_message.c.case_id == case_id,
        case_message.c.public,
        case_message.c.by_reporter.is_(False),
        case_message.c.text.is_not(None),
    )
    newest = said.order_by(case_message.c.at.desc()).limit(MOST_WORDS)
    return list(await connection.execute(newest))
