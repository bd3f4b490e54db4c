"""The only place that builds things: settings → keys, mail server, event runtime → app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from melder_common.edges import install_edges
from melder_common.operator_units import units_for_operator
from melder_common.sealing import OpeningKeys
from melder_common.service import Breath, Service
from melder_common.tokens import read_key
from melder_notify.bus import SUBSCRIPTIONS
from melder_notify.domain.links import LinkKey
from melder_notify.http.me import build_router
from melder_notify.settings import NotifySettings
from melder_notify.store.mail_message import MailWriter, Postmark
from melder_notify.store.mail_server import MailServer, ServerAddress
from melder_notify.store.tables import event_tables
from melder_notify.store.translations import Languages
from melder_notify.store.vault import Vault
from melder_notify.timers import RECONCILERS, TIMERS
from melder_notify.use_cases.office import Office
from melder_notify.use_cases.retire_sealing_key import retire_sealing_key
from melder_web import Pages, install_pages
from melder_web.page_problems import render_page

BREATH = Breath(speak_s=0.5, hear_s=0.2, timers_s=0.2)
"""A mail may take two seconds; that it has left is only noted at the desk."""


def build_app(settings: NotifySettings) -> FastAPI:
    """The whole service as one ASGI application."""
    pages = Pages("melder_notify")
    office = build_office(settings, region=pages.site.name)
    service = build_service(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.lifespan(office)(app):
            yield
        await office.server.close()

    app = FastAPI(title="melder notify", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(build_router(office, service.units, pages))
    install_edges(app, service, render_page=render_page(pages))
    install_pages(app, pages)
    return app


def build_service(settings: NotifySettings) -> Service[Office]:
    """The event runtime, not yet connected to anything."""
    return Service.build(
        settings,
        name="notify",
        tables=event_tables,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        reconcilers=RECONCILERS,
        breath=BREATH,
    )


def build_office(settings: NotifySettings, *, region: str) -> Office:
    """Keys, words and the mail server. Raises SettingsError when a secret is missing."""
    return Office(
        vault=build_vault(settings),
        link_key=LinkKey(read_key(settings.link_key_file)),
        languages=Languages(settings.languages, zone=settings.zone),
        writer=MailWriter(Postmark(settings.mail_from, settings.reply_to)),
        server=MailServer(
            ServerAddress(
                settings.smtp_host,
                settings.smtp_port,
                settings.smtp_tls,
                settings.smtp_user,
                settings.smtp_password_file,
            ),
            connections=settings.smtp_connections,
            deadline_s=settings.smtp_deadline_s,
        ),
        origin=settings.origin,
        region=region,
        rhythm=settings.rhythm,
        retention=settings.retention,
        receipt_wait=settings.receipt_wait,
        mail_patience=settings.mail_patience,
        erase_every=settings.erase_every,
    )


def build_vault(settings: NotifySettings) -> Vault:
    """Opening keys and master key. Raises SettingsError when one is missing."""
    return Vault(
        OpeningKeys.load(settings.sealing_private_dir), read_key(settings.contact_key_file)
    )


def retire_key(settings: NotifySettings, key_id: str, *, public_dir: Path) -> str | None:
    """Free the contacts of a period's key; returns why the key is still needed, or None."""
    known = {path.stem for path in public_dir.glob("*.pub")}
    return asyncio.run(_retire_key(settings, key_id, known))


async def _retire_key(settings: NotifySettings, key_id: str, known: set[str]) -> str | None:
    async with units_for_operator(settings, event_tables) as units, units.begin() as unit:
        return await retire_sealing_key(unit, key_id, known, build_vault(settings))
