"""``melder doctor``: finds what is broken, by name."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.database import make_engine
from melder_common.failures import name_failure
from melder_common.lag import EventState, find_lags, read_event_state
from melder_common.provisioning import INSTALLATION
from melder_common.settings import SettingsError

TOLERATED_LAG = 1000
"""Events that a service may be behind while it works; more look like a standstill."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at, and whether it is well."""

    well: bool
    text: str


def doctor(
    database_url: Annotated[
        str,
        typer.Option(
            envvar="MELDER_ADMIN_DATABASE_URL", help="libpq URL that may read all schemas"
        ),
    ],
    service: Annotated[
        list[str] | None, typer.Option(help="name=URL of a service's own port, repeatable")
    ] = None,
    password_file: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Look at services, logs, cursors, dead letters and timers; exit 1 when something is wrong."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = make_engine(
        url.render_as_string(hide_password=False),
        password_file=password_file,
        application_name="melder doctor",
        pool_size=1,
    )
    try:
        findings = [*_ask_services(service or []), *asyncio.run(_ask_database(engine))]
    except SettingsError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.text}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _ask_services(services: Iterable[str]) -> Iterator[Finding]:
    for entry in services:
        name, _, url = entry.partition("=")
        started = time.perf_counter()
        try:
            with urllib.request.urlopen(f"{url}/healthz/ready", timeout=3) as answer:  # noqa: S310 (the operator's own address)
                well = answer.status == 200
        except (urllib.error.URLError, OSError) as trouble:
            yield Finding(False, f"{name}: {trouble}")
            continue
        yield Finding(well, f"{name}: ready ({(time.perf_counter() - started) * 1000:.0f} ms)")


async def _ask_database(engine: AsyncEngine) -> list[Finding]:
    states: list[EventState] = []
    findings: list[Finding] = []
    for entry in INSTALLATION:
        try:
            async with engine.connect() as connection:
                states.append(await read_event_state(connection, entry.schema))
        except (SQLAlchemyError, OSError) as trouble:
            reason = name_failure(trouble)
            findings.append(Finding(False, f"{entry.schema}: cannot be read: {reason}"))
    findings += await _ask_endpoints(engine)
    findings += await _ask_link_receivers(engine)
    await engine.dispose()
    for state in states:
        findings += _judge(state)
    return [*findings, *_judge_lags(states)]


async def _ask_endpoints(engine: AsyncEngine) -> list[Finding]:
    """Bodies reached by Open311 whose endpoint fails, and cases that wait for a clerk there."""
    try:
        async with engine.connect() as connection:
            if await connection.scalar(text("SELECT to_regclass('routing.open311_endpoint')")):
                rows = (await connection.execute(text(_ENDPOINTS))).all()
            else:
                rows = []
    except (SQLAlchemyError, OSError) as trouble:
        return [Finding(False, f"Open311 endpoints: cannot be read: {name_failure(trouble)}")]
    return [
        Finding(
            row.failing_since is None,
            f"Open311 endpoint {row.body}: "
            + (f"fails since {row.failing_since:%Y-%m-%d %H:%M}: {row.last_error}, "
               if row.failing_since else "")
            + f"{row.open} cases there, {row.waiting} on their way, {row.refused} for a clerk",
        )
        for row in rows
    ]  # fmt: skip


_ENDPOINTS = """
SELECT endpoint.body, endpoint.failing_since, endpoint.last_error,
    count(*) FILTER (WHERE outside.state IN ('sent', 'token')) AS open,
    count(*) FILTER (WHERE outside.state IN ('waiting', 'posting')) AS waiting,
    count(*) FILTER (WHERE outside.state = 'refused') AS refused
FROM routing.open311_endpoint AS endpoint
LEFT JOIN (routing.outside_case AS outside JOIN routing."case" AS kept
    ON kept.id = outside.case_id AND kept.closed_at IS NULL) ON outside.body = endpoint.body
WHERE endpoint.removed_at IS NULL
GROUP BY endpoint.body, endpoint.failing_since, endpoint.last_error ORDER BY endpoint.body
"""


async def _ask_link_receivers(engine: AsyncEngine) -> list[Finding]:
    """Bodies reached by links in e-mails, and cases whose mail fails or is not answered there."""
    try:
        async with engine.connect() as connection:
            if await connection.scalar(text("SELECT to_regclass('routing.link_receiver')")):
                rows = (await connection.execute(text(_LINK_RECEIVERS))).all()
            else:
                rows = []
    except (SQLAlchemyError, OSError) as trouble:
        return [Finding(False, f"links to cases: cannot be read: {name_failure(trouble)}")]
    return [
        Finding(
            row.failed == 0,
            f"links to {row.body}: {row.open} cases there, {row.waiting} on their way, "
            f"{row.failed} whose mail does not arrive, {row.silent} without an answer",
        )
        for row in rows
    ]


_LINK_RECEIVERS = """
SELECT receiver.body,
    count(*) FILTER (WHERE link.state = 'sent') AS open,
    count(*) FILTER (WHERE link.state IN ('waiting', 'issued')) AS waiting,
    count(*) FILTER (WHERE link.state = 'failed') AS failed,
    count(*) FILTER (WHERE link.state = 'sent' AND link.error IS NOT NULL) AS silent
FROM routing.link_receiver AS receiver
LEFT JOIN (routing.case_link AS link JOIN routing."case" AS kept
    ON kept.id = link.case_id AND kept.closed_at IS NULL) ON link.body = receiver.body
WHERE receiver.removed_at IS NULL
GROUP BY receiver.body ORDER BY receiver.body
"""


def _judge(state: EventState) -> list[Finding]:
    name = state.service
    return [
        Finding(
            state.unpublished < TOLERATED_LAG, f"{name}: {state.unpublished} events not published"
        ),
        Finding(
            state.dead_letters == 0,
            f"{name}: {state.dead_letters} dead letters, {state.parked} events parked behind them"
            + (f" (melder-{name} dead-letters list)" if state.dead_letters else ""),
        ),
        Finding(
            state.timers_overdue == 0,
            f"{name}: {state.timers_overdue} timers overdue for more than a minute",
        ),
    ]


def _judge_lags(states: Iterable[EventState]) -> Iterator[Finding]:
    """One line a service, and one more for every log it stands still in."""
    lags = find_lags(states)
    for service in sorted({lag.service for lag in lags}):
        own = [lag for lag in lags if lag.service == service]
        behind = sum(max(0, lag.events) for lag in own)
        yield Finding(True, f"{service}: {behind} events behind the logs it follows")
        for lag in own:
            log = f"{lag.speaker}/{lag.partition}"
            if lag.events >= TOLERATED_LAG:
                yield Finding(False, f"{service}: {lag.events} events behind {log}")
            if lag.events < 0:
                yield Finding(
                    False, f"{service}: {-lag.events} events ahead of {log}, which was set back"
                )
