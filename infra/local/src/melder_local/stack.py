"""Everything that runs on this machine, in the order in which it starts."""

import asyncio
import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import asyncpg

from melder_common.provisioning import provision
from melder_common.testing.nats import program
from melder_common.testing.postgres import UNPRIVILEGED_USER, PostgresCluster
from melder_common.testing.processes import Launch
from melder_common.testing.s3 import S3Store
from melder_local.gateway import caddyfile
from melder_local.nats_servers import nats_servers
from melder_local.place import LINKS, Place
from melder_local.proxy import listens
from melder_local.services import (
    DATABASE,
    SERVICES,
    answers,
    owner_environment,
    service_launch,
)
from melder_local.supervisor import Stage, Supervisor
from melder_operator.database import role_passwords
from melder_operator.installation_secrets import ensure_secrets


class MigrationFailed(RuntimeError):
    """A service's migrations did not run; the message holds what they printed."""


def postgres_directory(run: Path) -> Path:
    """Below the run directory, unless PostgreSQL's account cannot get there (a root's home)."""
    wanted = run / "postgres"
    if os.geteuid() != 0:
        return wanted
    run.mkdir(parents=True, exist_ok=True)
    run.chmod(run.stat().st_mode | 0o011)
    reach = subprocess.run(
        ["/usr/bin/test", "-x", str(run)], user=UNPRIVILEGED_USER, cwd="/", check=False
    )
    if reach.returncode == 0:
        return wanted
    digest = hashlib.sha256(str(run).encode()).hexdigest()[:12]
    return Path("/var/lib/melder") / digest / "postgres"


class Stack:
    """The parts of one place, built from its ports and secrets."""

    def __init__(self, place: Place) -> None:
        ensure_secrets(place.secrets)
        self.place = place
        self.ports = place.ports()
        self.postgres = PostgresCluster(
            postgres_directory(place.run),
            self.ports["postgres"],
            password=place.secret("database/melder_admin"),
            durable=os.environ.get("MELDER_DURABLE", "1") != "0",
        )
        self.nats = nats_servers(place)
        self.s3 = S3Store(
            place.run / "s3",
            self.ports["s3"],
            place.secret("s3/access_key"),
            place.secret("s3/secret_key"),
            tuple(self.ports[f"s3_{number}"] for number in range(1, 8)),
        )

    def supervisor(self) -> Supervisor:
        """A supervisor over all parts, everything prepared."""
        self.postgres.prepare()
        self.s3.prepare()
        stages = [
            *self._between(),
            Stage([self.postgres.launch(), *self._nats()], after=self._prepare_database),
            Stage([self.s3.launch(), self._mail_sink()]),
            Stage([service_launch(service, self.place) for service in SERVICES]),
            Stage([self._gateway()]),
        ]
        return Supervisor(
            stages,
            logs=self.place.logs,
            status_file=self.place.status_file,
            crash_requests=self.place.crash_requests,
        )

    def parts_to_restore(self) -> list[Launch]:
        """What a restore needs while no service runs."""
        self.postgres.prepare()
        between = [launch for stage in self._between() for launch in stage.launches]
        return [*between, self.postgres.launch(), *self._nats()]

    def _nats(self) -> list[Launch]:
        for server in self.nats:
            server.prepare()
        return [server.launch() for server in self.nats]

    def _between(self) -> list[Stage]:
        """A proxy that can fail, between services and parts, when ``MELDER_PROXY=1``."""
        if os.environ.get("MELDER_PROXY") == "1":
            self.place.proxy_ports()
        if not self.place.has_proxy:
            return []
        own = self.place.proxy_ports()
        argv = [sys.executable, "-m", "melder_local.proxy", f"--control={own['control']}"]
        argv += [f"{name}={own[name]}:{self.ports[name]}" for name in LINKS]
        return [Stage([Launch("proxy", tuple(argv), ready=partial(listens, own["control"]))])]

    def _prepare_database(self) -> None:
        asyncio.run(self._provision())
        running = [
            subprocess.Popen(
                [program(f"melder-{service}"), "migrate"],
                env={**os.environ, **owner_environment(service, self.place)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for service in SERVICES
        ]
        for process in running:
            output, _ = process.communicate()
            if process.returncode:
                raise MigrationFailed(output)

    async def _provision(self) -> None:
        admin = await asyncpg.connect(self.postgres.dsn())
        try:
            known = await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
            if not known:
                await admin.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await admin.close()
        await provision(self.postgres.dsn(DATABASE), passwords=role_passwords(self.place.secrets))

    def _mail_sink(self) -> Launch:
        argv = (
            sys.executable,
            "-m",
            "melder_local.mail_sink",
            f"--smtp-port={self.ports['smtp']}",
            f"--http-port={self.ports['mail']}",
            f"--dir={self.place.run / 'mail'}",
        )
        url = f"http://127.0.0.1:{self.ports['mail']}/mail/messages.json?limit=1"
        return Launch("mail", argv, ready=answers(url))

    def _gateway(self) -> Launch:
        config = self.place.run / "Caddyfile"
        upstreams = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        config.write_text(caddyfile(self.place.port, upstreams, bind="127.0.0.1"))
        argv = (program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile")
        home = str(self.place.run / "caddy")
        return Launch(
            "gateway",
            argv,
            ready=answers(f"{self.place.url}/gateway/ready"),
            env={"XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home},
        )
