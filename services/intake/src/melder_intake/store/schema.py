"""The schema ``intake`` itself, and the columns that many of its tables have."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Uuid

SCHEMA = "intake"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s",
        "uq": "%(table_name)s_%(column_0_name)s_key",
    },
)


def moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    """A point in time."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def report_id(*, primary_key: bool = False) -> Column[UUID]:
    """The report that a row belongs to."""
    return Column(
        "report_id",
        Uuid,
        ForeignKey(f"{SCHEMA}.report.report_id"),
        primary_key=primary_key,
        nullable=False,
    )
