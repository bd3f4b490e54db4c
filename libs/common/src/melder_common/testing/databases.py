"""Fresh databases: a template per set of services, made once by their migrations, then cloned."""

import asyncio
import itertools
import subprocess
import sys

import asyncpg

from melder_common.provisioning import INSTALLATION, provision
from melder_common.testing.postgres import PostgresCluster

OWNERS = {entry.schema: entry.owner for entry in INSTALLATION}


class Databases:
    """Clones on one cluster. Names count up, so nothing collides within a session."""

    def __init__(self, cluster: PostgresCluster) -> None:
        self.cluster = cluster
        self._templates: dict[tuple[str, ...], str] = {}
        self._numbers = itertools.count(1)
        self._lock = asyncio.Lock()

    async def clone(self, *services: str) -> str:
        """The name of a new database with the migrated schemas of ``services``."""
        template = await self._template(tuple(sorted(services)))
        name = f"test_{next(self._numbers)}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    async def drop(self, name: str) -> None:
        """Remove a clone, whoever still holds a connection."""
        await self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _template(self, services: tuple[str, ...]) -> str:
        if services not in self._templates:
            name = "template_" + "_".join(services)
            await self._execute(f"CREATE DATABASE {name}")
            await provision(self.cluster.dsn(name))
            for service in services:
                migrate(service, self.cluster.url(name, OWNERS[service]))
            await self._execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            self._templates[services] = name
        return self._templates[services]

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.cluster.dsn())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def migrate(service: str, url: str) -> None:
    """Run a service's migrations in a process of its own, as its Kubernetes job does."""
    code = f"from melder_common.migrations import migrate; migrate({url!r}, 'melder_{service}')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"migrating {service} failed:\n{done.stdout}\n{done.stderr}")
