"""Databases that hold nothing but event tables, and an ``effect`` table to see what was applied."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, Uuid, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.tables import EventTables


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One service's tables; ``effect`` has a row per event that its handler applied."""

    name: str
    tables: EventTables
    effect: Table


def declare(services: Sequence[str]) -> tuple[MetaData, dict[str, EventSchema]]:
    """Declare the schemas of ``services``."""
    metadata = MetaData()
    return metadata, {service: _schema(metadata, service) for service in services}


async def create(engine: AsyncEngine, metadata: MetaData, services: Sequence[str]) -> None:
    """Create the schemas, empty."""
    async with engine.begin() as connection:
        for service in services:
            await connection.execute(text(f"DROP SCHEMA IF EXISTS {service} CASCADE"))
            await connection.execute(text(f"CREATE SCHEMA {service}"))
        await connection.run_sync(metadata.create_all)


async def empty(engine: AsyncEngine, metadata: MetaData) -> None:
    """Remove all rows."""
    tables = ", ".join(table.fullname for table in metadata.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


def _schema(metadata: MetaData, service: str) -> EventSchema:
    effect = Table(
        "effect",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("name", Text, nullable=False),
        Column("aggregate_id", Uuid, nullable=False),
        Column("value", Integer, nullable=False),
        schema=service,
    )
    return EventSchema(service, EventTables(metadata, service), effect)
