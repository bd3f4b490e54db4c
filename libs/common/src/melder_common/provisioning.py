"""Roles, schemas and PostGIS: the one step of an installation that needs a database superuser."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg


@dataclass(frozen=True, slots=True)
class SchemaOwner:
    """A service's schema, the role that owns it, and roles that may only use it."""

    schema: str
    owner: str
    users: tuple[str, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """Every login role of this schema."""
        return (self.owner, *self.users)


INSTALLATION = (
    SchemaOwner("intake", "melder_intake"),
    SchemaOwner("routing", "melder_routing", ("routing_worker", "routing_desk")),
    SchemaOwner("media", "melder_media"),
    SchemaOwner("notify", "melder_notify"),
)


async def provision(
    admin_dsn: str,
    *,
    database: str | None = None,
    password: str | None = None,
    passwords: Mapping[str, str] | None = None,
) -> None:
    """Create what is missing: PostGIS, login roles, one schema per service. Safe to repeat.

    ``admin_dsn`` is a libpq URL of a superuser; ``database`` overrides the URL's. ``passwords``
    maps roles to passwords (without one a role can log in only where the server trusts it).
    """
    connection = await asyncpg.connect(admin_dsn, database=database, password=password)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('melder provision'))")
        await connection.execute("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public")
        await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        await provision_roles(connection, passwords)
        for entry in INSTALLATION:
            await connection.execute(
                f"CREATE SCHEMA IF NOT EXISTS {entry.schema} AUTHORIZATION {entry.owner}"
            )
            for user in entry.users:
                await connection.execute(f"GRANT USAGE ON SCHEMA {entry.schema} TO {user}")
    finally:
        await connection.close()


async def provision_roles(
    connection: asyncpg.Connection, passwords: Mapping[str, str] | None = None
) -> None:
    """Create the login roles of all schemas, or set their passwords. Safe to repeat."""
    for entry in INSTALLATION:
        for role in entry.roles:
            await _ensure_role(connection, role, (passwords or {}).get(role))


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    clause = ""
    if password is not None:
        clause = " PASSWORD " + await connection.fetchval(
            "SELECT quote_literal($1::text)", password
        )
    await connection.execute(
        f"{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE{clause}"
    )
