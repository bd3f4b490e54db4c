"""Databases that hold nothing but event tables, and an ``effect`` table to see what was applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Row, Table, Text, Uuid, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.clock import Clock
from melder_common.leases import Leases
from melder_common.tables import EventTables
from melder_common.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One service's tables; ``effect`` has a row per event that its handler applied."""

    name: str
    tables: EventTables
    effect: Table


@dataclass(frozen=True, slots=True)
class EventWorld:
    """Event schemas in a database."""

    engine: AsyncEngine
    metadata: MetaData
    schemas: dict[str, EventSchema]

    def units(
        self, service: str, *, partitions: int = 1, clock: Clock | None = None
    ) -> UnitsOfWork:
        """Units of work of ``service``; one partition of reports unless told otherwise."""
        return UnitsOfWork(
            self.engine,
            tables=self.schemas[service].tables,
            speaker=service,
            partitions=partitions,
            clock=clock,
        )

    def leases(
        self, service: str, holder: str, *groups: Sequence[str], ttl_s: float = 60
    ) -> Leases:
        """The leases of one process of ``service``."""
        tables = self.schemas[service].tables
        return Leases(self.engine, tables, holder=holder, groups=groups, ttl_s=ttl_s)

    async def fetch(self, statement: str, **arguments: Any) -> Sequence[Row[Any]]:
        """The rows of a query."""
        async with self.engine.connect() as connection:
            return (await connection.execute(text(statement), arguments)).all()

    async def execute(self, statement: str, **arguments: Any) -> None:
        """Change something behind everybody's back."""
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), arguments)


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
