"""``melder streams``: makes what events travel through, so that no service needs the right to."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from melder_common.asyncapi import SERVICES, hearers_of
from melder_common.connection import Connection
from melder_common.events import CATALOGUE
from melder_common.handlers import find_logs
from melder_common.settings import SettingsError
from melder_common.streams import NatsTransport
from melder_common.transport import TransportFailed
from melder_operator.nats_users import DEFAULT_PARTITIONS, OPERATOR

AGAIN_S = 1.0


def streams(
    nats_url: Annotated[str, typer.Option(envvar="MELDER_NATS_URL")],
    *,
    password_file: Annotated[
        Path | None, typer.Option(envvar="MELDER_NATS_PASSWORD_FILE", help="of the NATS user")
    ] = None,
    user: Annotated[str, typer.Option(envvar="MELDER_NATS_USER")] = OPERATOR,
    replicas: Annotated[
        int,
        typer.Option(envvar="MELDER_NATS_REPLICAS", help="servers that keep each event", min=1),
    ] = 1,
    partitions: Annotated[
        int, typer.Option(envvar="MELDER_PARTITIONS", help="as in the services' settings", min=1)
    ] = DEFAULT_PARTITIONS,
    patience: Annotated[float, typer.Option(help="seconds to wait for NATS")] = 120,
) -> None:
    """Make every stream and durable that is missing, and bring the others up to date."""
    try:
        count = asyncio.run(
            _set_up(nats_url, user, password_file, replicas, partitions, patience=patience)
        )
    except (SettingsError, TransportFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(SERVICES)} streams on {replicas} servers each, {count} durables.")


def find_durables(partitions: int) -> Iterator[tuple[str, str, int]]:
    """Who hears whom: (hearing service, speaker, partition), as the events say it."""
    for service in SERVICES:
        heard = {event: None for event in CATALOGUE.values() if service in hearers_of(event)}
        for partition, speakers in find_logs(heard, service, partitions).items():  # type: ignore[arg-type]  # only the events count
            for speaker in speakers:
                yield service, speaker, partition


async def _set_up(
    url: str,
    user: str,
    password_file: Path | None,
    replicas: int,
    partitions: int,
    *,
    patience: float,
) -> int:
    connection = Connection(
        url,
        name="melder streams",
        user=user if password_file else None,
        password_file=password_file,
    )
    trouble = "no connection"
    try:
        async with asyncio.timeout(patience):
            await connection.open()
            while True:
                try:
                    return await _make(connection, replicas, partitions)
                except TransportFailed as failed:
                    trouble = str(failed)
                    await asyncio.sleep(AGAIN_S)
    except TimeoutError:
        raise TransportFailed(f"{url}, user {user}: {trouble} within {patience:g} s") from None
    finally:
        await connection.close()


async def _make(connection: Connection, replicas: int, partitions: int) -> int:
    transports = {
        service: NatsTransport(connection.client, service, replicas=replicas)
        for service in SERVICES
    }
    for transport in transports.values():
        await transport.ensure_stream()
        await transport.spread_stream()
    durables = list(find_durables(partitions))
    for service, speaker, partition in durables:
        await transports[service].ensure_durable(speaker, partition)
    return len(durables)
