"""The world whose Gemeinde Süd is reached by links, with what notify would answer."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from melder_common.clock import utc_now
from melder_common.events import CaseLinkIssued, NotificationFailed, NotificationSent
from melder_common.sealing import OpeningKeys, SealingKeys, generate_period_key, period_of
from melder_common.timer_runner import Timers
from melder_routing.domain.case_link_entry import CaseLinkEntry
from melder_routing.domain.link_tokens import LinkKey
from melder_routing.http.link import LinkPages, link_router
from melder_routing.parts import Parts
from melder_routing.store.case_links import put_link_receivers
from melder_routing.store.link_office import LinkOffice
from melder_routing.store.link_tables import case_link
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_client import Open311Client
from melder_routing.store.open311_line import Open311Line
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import TIMERS
from melder_routing.use_cases.note_notification import (
    note_notifications_failed,
    note_notifications_sent,
)
from melder_web import Pages
from melder_web.security import SecurityHeaders
from melder_web.site import Site

MAILBOX = "kanarienvogel@sued.example"


@dataclass
class Linked:
    """The world, its timers, and the keys that notify has."""

    world: Any
    timers: Timers[Parts]
    opening: OpeningKeys

    async def declare(self, slug: str = "sued", **changes: Any) -> None:
        """As ``melder apply`` would write the entry of a body."""
        entry = CaseLinkEntry(**{"email": MAILBOX, **changes})
        async with self.world.worker.begin() as unit:
            await put_link_receivers(unit.connection, {slug: entry})

    async def remove(self) -> None:
        """As ``melder apply`` without the entry."""
        async with self.world.worker.begin() as unit:
            await put_link_receivers(unit.connection, {})

    async def work(self) -> int:
        """Carry out all that is due until nothing is; how many timers that were."""
        done = 0
        while dues := await self.timers.claim(20):
            for due in dues:
                await self.timers.carry_out(due)
            done += len(dues)
        return done

    async def issued(self) -> list[CaseLinkIssued]:
        found: list[CaseLinkIssued] = await self.world.said(CaseLinkIssued)
        return found

    async def letter(self, nth: int = -1) -> dict[str, Any]:
        """What notify reads in the sealed letter of an event."""
        opened: dict[str, Any] = json.loads(self.opening.open((await self.issued())[nth].letter))
        return opened

    async def path(self, nth: int = -1) -> str:
        """The link's path, as the body's clerk gets it by mail."""
        return str((await self.letter(nth))["url"]).removeprefix("https://melden.example")

    async def deliver(self, nth: int = -1) -> None:
        """The mail server took the mail."""
        event = (await self.issued())[nth]
        sent = NotificationSent(
            notification_id=event.mail_id,
            report_id=event.report_id,
            kind="case_link",
            channel="email",
            sent_at=utc_now(),
        )
        await self.world.hear(note_notifications_sent, sent)
        await self.work()

    async def bounce(self, reason: str = "rejected_550") -> None:
        """The mail can never be delivered."""
        event = (await self.issued())[-1]
        failed = NotificationFailed(
            notification_id=event.mail_id,
            report_id=event.report_id,
            kind="case_link",
            channel="email",
            reason=reason,
        )
        await self.world.hear(note_notifications_failed, failed)

    async def row(self, slug: str = "sued") -> Any:
        """The only link to a body."""
        async with self.world.worker.engine.connect() as connection:
            chosen = select(case_link).where(case_link.c.body == slug)
            return (await connection.execute(chosen)).one()

    async def lie_there(self, **changes: Any) -> str:
        """A case whose mail has arrived; its number."""
        sued = self.world.sued
        routed = await self.world.open_case(body=sued, responsible=sued, **changes)
        await self.work()
        await self.deliver()
        return str(routed.report.number)

    async def form(self, path: str) -> dict[str, str]:
        """The hidden fields of the page's form."""
        page = (await self.world.client().get(path)).text
        names = ("version", "form_token")
        found = {name: re.search(f'name="{name}" value="([^"]*)"', page) for name in names}
        return {name: match.group(1) for name, match in found.items() if match}

    async def answer(
        self, path: str, code: str, message: str = "", form: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send the form of the page."""
        filled = form or await self.form(path)
        data = {**filled, "answer": code, "message": message}
        answer: httpx.Response = await self.world.client().post(path, data=data)
        return answer

    def at(self, moment: datetime) -> None:
        """Move the clock."""
        self.world.clock.fixed = moment


@pytest.fixture
async def linked(world: Any, sued: Any, tmp_path: Path) -> AsyncIterator[Linked]:
    public, private = tmp_path / "sealing", tmp_path / "opening"
    generate_period_key(period_of(utc_now()), public_dir=public, private_dir=private)
    key = LinkKey(b"l" * 32)
    office = LinkOffice(key, SealingKeys.load(public), "https://melden.example")
    async with httpx.AsyncClient(trust_env=False) as http:
        client = Open311Client(http)
        line = Open311Line(client, Open311Addresses(client, tmp_path), None)
        parts = Parts(Rulebooks(), line, office, "https://melden.example")
        world.sued = sued
        desk = world.desk
        spoken = Site(languages=("de", "en"))
        pages = Pages("melder_routing", site=spoken, assets=desk.pages.assets)
        links = LinkPages(desk.units, pages, key, clock=world.clock)
        world.app.include_router(link_router(links))
        world.app.add_middleware(SecurityHeaders)
        timers = Timers(world.worker, TIMERS, parts, holder="test", claim_s=10**7)
        yield Linked(world, timers, OpeningKeys.load(private))
