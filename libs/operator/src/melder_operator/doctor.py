"""``melder doctor``: finds what is broken, by name."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from melder_common.provisioning import INSTALLATION

_OVERDUE_AFTER = "5 minutes"


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
    password = password_file.read_text().strip() if password_file else None
    findings = [*_ask_services(service or []), *asyncio.run(_ask_database(database_url, password))]
    for well, text in findings:
        typer.echo(f"{'ok  ' if well else 'BAD '} {text}")
    if not all(well for well, _ in findings):
        raise typer.Exit(1)


def _ask_services(services: list[str]) -> Iterator[tuple[bool, str]]:
    for entry in services:
        name, _, url = entry.partition("=")
        started = time.perf_counter()
        try:
            with urllib.request.urlopen(f"{url}/healthz/ready", timeout=3) as answer:  # noqa: S310 (the operator's own address)
                well = answer.status == 200
        except (urllib.error.URLError, OSError) as trouble:
            yield False, f"{name}: {trouble}"
            continue
        yield well, f"{name}: ready ({(time.perf_counter() - started) * 1000:.0f} ms)"


async def _ask_database(url: str, password: str | None) -> list[tuple[bool, str]]:
    connection = await asyncpg.connect(url, password=password)
    try:
        findings = []
        for entry in INSTALLATION:
            findings += await _ask_schema(connection, entry.schema)
        return findings
    finally:
        await connection.close()


async def _ask_schema(connection: asyncpg.Connection, schema: str) -> list[tuple[bool, str]]:
    waiting = await connection.fetchval(
        f"SELECT count(*) FROM {schema}.outbox WHERE position IS NULL"
    )
    dead = await connection.fetchval(f"SELECT count(*) FROM {schema}.dead_letter")
    overdue = await connection.fetchval(
        f"SELECT count(*) FROM {schema}.due WHERE at < now() - interval '{_OVERDUE_AFTER}'"
    )
    lags = await connection.fetch(_lag_query(schema))
    findings = [
        (waiting < 1000, f"{schema}: {waiting} events wait for a position"),
        (dead == 0, f"{schema}: {dead} dead letters"),
        (overdue == 0, f"{schema}: {overdue} timers overdue for more than {_OVERDUE_AFTER}"),
    ]
    behind = sum(row["lag"] for row in lags)
    findings.append((behind < 1000, f"{schema}: {behind} events behind the logs it follows"))
    return findings


def _lag_query(schema: str) -> str:
    heads = " UNION ALL ".join(
        f"SELECT '{entry.schema}' AS speaker, partition, head FROM {entry.schema}.log_head"
        for entry in INSTALLATION
        if entry.schema != schema
    )
    return (
        f"SELECT h.speaker, h.partition, h.head - coalesce(c.position, 0) AS lag FROM ({heads}) h "
        f"LEFT JOIN {schema}.cursor c ON c.speaker = h.speaker AND c.partition = h.partition"
    )
