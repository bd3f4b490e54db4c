"""NATS, PostgreSQL and images: what no schema knows of them."""

import asyncio
import json
import os
import re
import runpy
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import kubernetes_validate
import nats
import pytest
import typer
from typer.testing import CliRunner

from melder_common.provisioning import INSTALLATION, provision
from melder_common.settings import read_secret
from melder_common.streams import NatsTransport
from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports, is_open
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Launch, Process
from melder_operator.installation_secrets import ensure_secrets
from melder_operator.kubernetes_secrets import find_role_secrets, find_secrets
from melder_operator.streams import streams

from .rendered import K8S, SERVICES, render, render_at

IMAGES = K8S / "images/kustomization.yaml"
_script = runpy.run_path(str(K8S / "fill_digests.py"))
fill, unfilled, Refused = _script["fill"], _script["unfilled"], _script["Refused"]

DIGEST = "sha256:" + "ab" * 32


def test_nats_makes_as_many_copies_as_it_has_servers() -> None:
    manifests = render("inside")
    servers = manifests.of("StatefulSet")["melder-nats"]["spec"]
    (region,) = [one for name, one in manifests.of("ConfigMap").items() if "melder-region" in name]
    assert servers["replicas"] == int(region["data"]["nats_replicas"])
    peers = [f"melder-nats-{number}.{servers['serviceName']}:6222" for number in range(3)]
    assert re.findall(r'"nats://(.+)"', _configuration()) == peers


@pytest.fixture
def nats_servers(tmp_path: Path) -> Iterator[list[str]]:
    """The three servers with their own configuration and the Secret's users; their addresses."""
    ensure_secrets(tmp_path / "secrets")
    secret = dict(find_secrets(tmp_path / "secrets", partitions=4))["melder-nats"]
    projected = {
        item["path"]
        for source in _sources(render("inside").workloads()["StatefulSet/nats"].pod)
        for item in source.get("secret", {}).get("items", [])
    }
    assert projected == set(secret)
    ports = free_ports(9)
    clients, peers, monitors = ports[:3], ports[3:6], ports[6:]
    processes = []
    for number in range(3):
        directory = tmp_path / f"nats-{number}"
        directory.mkdir()
        text = _configuration()
        for inside, here in ((4222, clients), (6222, peers), (8222, monitors)):
            text = text.replace(f'"0.0.0.0:{inside}"', f'"127.0.0.1:{here[number]}"')
        for other, peer in enumerate(peers):
            text = text.replace(f"melder-nats-{other}.melder-nats-peers:6222", f"127.0.0.1:{peer}")
        text = text.replace("store_dir: /data", f'store_dir: "{directory}"')
        (directory / "nats.conf").write_text(text)
        for key, content in secret.items():
            (directory / key).write_text(content)
        argv = (program("nats-server"), "--config", str(directory / "nats.conf"))
        ready = partial(is_open, clients[number])
        launch = Launch("nats", argv, ready, {"POD_NAME": f"melder-nats-{number}"})
        processes.append(Process(launch, directory / "log"))
        processes[-1].start()
    try:
        for process in processes:
            process.wait_ready()
        yield [f"nats://127.0.0.1:{port}" for port in clients]
    finally:
        for process in processes:
            process.kill()


@pytest.mark.integration
def test_three_nats_servers_keep_every_stream_three_times(
    nats_servers: list[str], tmp_path: Path
) -> None:
    app = typer.Typer()
    app.command()(streams)
    password = tmp_path / "secrets/nats/operator"
    arguments = ["--nats-url", nats_servers[0], "--password-file", str(password)]
    for replicas in (1, 3):
        result = CliRunner().invoke(
            app, [*arguments, "--replicas", str(replicas), "--partitions", "1"]
        )
        assert result.exit_code == 0, result.output
        assert asyncio.run(_replicas(nats_servers[2], read_secret(password))) == {replicas}


async def _replicas(url: str, password: str) -> set[int]:
    client = await nats.connect(url, user="operator", password=password)
    found = [await NatsTransport(client, "x")._call(f"STREAM.INFO.{s.upper()}") for s in SERVICES]
    await client.close()
    return {one["config"]["num_replicas"] for one in found if one}


def _configuration() -> str:
    maps = render("inside").of("ConfigMap")
    (settings,) = [one for name, one in maps.items() if "melder-nats" in name]
    return str(settings["data"]["nats.conf"])


def _sources(pod: dict[str, Any]) -> list[dict[str, Any]]:
    (projected,) = [one["projected"] for one in pod["volumes"] if "projected" in one]
    return list(projected["sources"])


@pytest.mark.integration
async def test_cloudnative_pg_bootstraps_what_provisioning_does(postgres: PostgresCluster) -> None:
    spec = render("inside").of("Cluster")["melder-postgres"]["spec"]
    statements = spec["bootstrap"]["initdb"]["postInitApplicationSQL"]
    roles = [role for entry in INSTALLATION for role in entry.roles]
    made = [one.split()[2] for one in statements if one.startswith("CREATE ROLE")]
    assert made == roles, "every role, none with more than LOGIN"
    assert all(one.endswith(" LOGIN") for one in statements if one.startswith("CREATE ROLE"))
    admin = await asyncpg.connect(postgres.dsn())
    try:
        for name in ("by_operator", "by_command"):
            await admin.execute(f"CREATE DATABASE {name}")
        await provision(postgres.dsn("by_command"))
        bootstrap = await asyncpg.connect(postgres.dsn("by_operator"))
        for statement in statements:
            if not statement.startswith("CREATE ROLE"):  # the test's server has them already
                await bootstrap.execute(statement)
        await bootstrap.close()
        assert await _rights(postgres, "by_operator") == await _rights(postgres, "by_command")
    finally:
        for name in ("by_operator", "by_command"):
            await admin.execute(f"DROP DATABASE IF EXISTS {name}")
        await admin.close()
    assert spec["enableSuperuserAccess"] is False


async def _rights(postgres: PostgresCluster, database: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(postgres.dsn(database))
    rows = await connection.fetch(
        "SELECT nspname::text, nspowner::regrole::text, nspacl::text, "
        "(SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension) "
        "FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY 1"
    )
    await connection.close()
    return [tuple(row) for row in rows]


def test_roles_of_cloudnative_pg_get_their_passwords(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    made = {name: files["username"] for name, files in find_role_secrets(tmp_path)}
    roles = render("inside").of("Cluster")["melder-postgres"]["spec"]["managed"]["roles"]
    assert {role["passwordSecret"]["name"]: role["name"] for role in roles} == made
    for role in roles:
        assert set(role) == {"name", "ensure", "login", "passwordSecret"}, "and no further power"


def test_digests_are_filled_in() -> None:
    text = IMAGES.read_text()
    given = f"melder/intake=registry.example/town/intake@{DIGEST}"
    filled = fill(text, [given])
    assert f"newName: registry.example/town/intake\n    digest: {DIGEST}" in filled
    assert set(unfilled(text)) - set(unfilled(filled)) == {"melder/intake"}
    everything = [f"{name}=registry.example/{name}@{DIGEST}" for name in unfilled(text)]
    assert unfilled(fill(text, everything)) == []


@pytest.mark.parametrize(
    "given", ["melder/intake=x:latest", f"melder/unknown=x@{DIGEST}", f"melder/intake@{DIGEST}"]
)
def test_what_is_no_digest_is_refused(given: str) -> None:
    with pytest.raises(Refused):
        fill(IMAGES.read_text(), [given])


@pytest.mark.parametrize("component", ["own-ca", "monitoring"])
def test_a_component_that_no_overlay_uses_fits_and_is_valid(component: str, tmp_path: Path) -> None:
    region = render("region")
    paths = {"resources": ["overlays/region"], "components": [f"components/{component}"]}
    relative = {
        kind: [os.path.relpath(K8S / one, tmp_path) for one in names]
        for kind, names in paths.items()
    }
    (tmp_path / "kustomization.yaml").write_text(json.dumps(relative))
    manifests = render_at(tmp_path)
    changed = [one for one in manifests.documents if one not in region.documents]
    assert changed
    for document in changed:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_an_authority_of_the_regions_own_reaches_every_pod_that_connects(tmp_path: Path) -> None:
    where = [
        os.path.relpath(K8S / one, tmp_path) for one in ("overlays/region", "components/own-ca")
    ]
    overlay = {"resources": where[:1], "components": where[1:]}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    manifests = render_at(tmp_path)
    for name, workload in manifests.workloads().items():
        environment = manifests.environment(workload)
        assert (environment.get("SSL_CERT_FILE") == "/ca/ca.crt") is (name != "Deployment/gateway")
