"""Settings of the manifests are those of the services: none unknown, none missing, all files there."""

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import typer
import yaml
from fastapi import FastAPI
from pydantic_settings import BaseSettings

from melder_common.asyncapi import SERVICES as SPEAKERS
from melder_common.settings import ServiceSettings, load_settings
from melder_operator.installation_secrets import ensure_secrets
from melder_operator.kubernetes_secrets import find_secrets
from melder_operator.streams import streams
from melder_web.site import Site

from .rendered import K8S, OVERLAYS, SERVICES, Workload, render

OURS = re.compile(r"(INTAKE|ROUTING|MEDIA|NOTIFY)_")
SITE = "MELDER_SITE_"
FOR_EXPANSION = {"MELDER_DATABASE"}
"""Stands in the environment only to be put into the addresses of databases."""

CASES = [
    pytest.param(overlay, kind, service, id=f"{overlay}-{kind}-{service}")
    for overlay in OVERLAYS
    for kind in ("Deployment", "Job")
    for service in SERVICES
]
WAITS_FOR = {"intake": ["catalogue"]}
OPTIONAL_FILES = {"notify.smtp_password"}
"""Only where the mail server asks for a password (README.md)."""


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name of a Secret → a directory with its keys as files, as a mounted volume has them."""
    directory = tmp_path_factory.mktemp("secrets")
    ensure_secrets(directory / "all")
    mounted = {}
    for name, files in find_secrets(directory / "all", partitions=4):
        mounted[name] = directory / name
        mounted[name].mkdir()
        for key, text in files.items():
            (mounted[name] / key).write_text(text)
    return mounted


def find_workload(overlay: str, kind: str, service: str) -> Workload:
    name = service if kind == "Deployment" else f"migrate-{service}"
    return render(overlay).workloads()[f"{kind}/{name}"]


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"melder_{service}.settings")
    return getattr(module, f"{service.capitalize()}Settings")


def in_container(path: str, mounts: Mapping[str, str], secrets: Mapping[str, Path]) -> Path:
    """Where the file of a container lies for this test. Fails where nothing is mounted."""
    for mount, secret in mounts.items():
        if path == mount or path.startswith(mount + "/"):
            return secrets[secret] / path.removeprefix(mount).lstrip("/")
    raise AssertionError(f"{path} lies in no mounted Secret: {mounts}")


def known_names(kind: type[BaseSettings]) -> set[str]:
    prefix = kind.model_config["env_prefix"]
    return {f"{prefix}{name}".upper() for name in kind.model_fields}


def paths(kind: type[ServiceSettings]) -> Iterator[str]:
    for name in kind.model_fields:
        if name.endswith(("_file", "_dir")):
            yield f"{kind.model_config['env_prefix']}{name}".upper()


@pytest.mark.parametrize(("overlay", "kind", "service"), CASES)
def test_no_variable_is_unknown(overlay: str, kind: str, service: str) -> None:
    environment = render(overlay).environment(find_workload(overlay, kind, service))
    known = known_names(settings_of(service)) | known_names(Site) | FOR_EXPANSION
    assert set(environment) - known == set()


@pytest.mark.parametrize(("overlay", "kind", "service"), CASES)
def test_every_setting_that_names_secrets_is_given_and_the_file_is_there(
    overlay: str, kind: str, service: str, secrets: dict[str, Path]
) -> None:
    workload = find_workload(overlay, kind, service)
    environment = render(overlay).environment(workload)
    mounts = render(overlay).secret_mounts(workload)
    for name in paths(settings_of(service)):
        if name == "ROUTING_OWNER_DATABASE_PASSWORD_FILE" and kind == "Deployment":
            assert name not in environment, "who serves must not be able to change the schema"
            continue
        file = in_container(environment[name], mounts, secrets)
        assert file.exists() or file.name in OPTIONAL_FILES, name


@pytest.mark.parametrize("kind", ["Deployment/", "CronJob/erase-again-"])
@pytest.mark.parametrize("service", ["intake", "media", "notify"])
def test_the_erasure_ledger_lies_outside_the_pod(kind: str, service: str) -> None:
    manifests = render("region")
    workload = manifests.workloads()[kind + service]
    wanted = manifests.environment(workload)[f"{service.upper()}_ERASURE_LEDGER"]
    (mount,) = [one for one in workload.container["volumeMounts"] if one["mountPath"] == wanted]
    (volume,) = [one for one in workload.pod["volumes"] if one["name"] == mount["name"]]
    claim = manifests.of("PersistentVolumeClaim")[volume["persistentVolumeClaim"]["claimName"]]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"], "every replica writes into it"
    assert not mount.get("readOnly")


@pytest.mark.parametrize("service", ["intake", "media", "notify"])
def test_erasing_again_runs_only_when_asked_for(service: str) -> None:
    schedule = render("region").of("CronJob")[f"erase-again-{service}"]["spec"]
    assert schedule["suspend"] is True
    again = render("region").workloads()[f"CronJob/erase-again-{service}"]
    migration = render("region").workloads()[f"Job/migrate-{service}"]
    assert again.container == {**migration.container, "args": ["erase-again"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
async def test_the_service_starts_with_them_and_answers_its_probes(
    overlay: str, service: str, secrets: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = render(overlay)
    workload = find_workload(overlay, "Deployment", service)
    mounts = manifests.secret_mounts(workload)
    for name, value in manifests.environment(workload).items():
        is_path = name in set(paths(settings_of(service)))
        monkeypatch.setenv(name, str(in_container(value, mounts, secrets)) if is_path else value)
    address = urlsplit(os.environ[f"{service.upper()}_DATABASE_URL"])
    assert address.username
    nobody = address._replace(netloc=f"{address.username}@127.0.0.1:1")
    monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", nobody.geturl())
    settings = load_settings(settings_of(service))
    assert settings.port == workload.ports()["http"]
    assert settings.host == "0.0.0.0"  # noqa: S104 (all of the pod's addresses)
    assert settings.nats_streams_by_operator
    app: FastAPI = importlib.import_module(f"melder_{service}.main").build_app(settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pod") as client:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = workload.container[probe]["httpGet"]
            assert asked["port"] == "http"
            answer = await client.get(asked["path"])
            assert answer.json() in (
                {"alive": True, "dead": []},
                {"ready": False, "missing": ["database", *WAITS_FOR.get(service, [])]},
            ), probe


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_the_setup_of_streams_gets_what_its_command_reads(
    kind: str, secrets: dict[str, Path]
) -> None:
    workload = render("region").workloads()[f"{kind}/streams"]
    app = typer.Typer()
    app.command()(streams)
    read = {option.envvar for option in typer.main.get_command(app).params}
    environment = render("region").environment(workload)
    assert set(environment) <= read
    assert {"MELDER_NATS_URL", "MELDER_NATS_REPLICAS", "MELDER_PARTITIONS"} <= set(environment)
    assert int(environment["MELDER_NATS_REPLICAS"]) == 3
    mounts = render("region").secret_mounts(workload)
    assert in_container(environment["MELDER_NATS_PASSWORD_FILE"], mounts, secrets).is_file()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_addresses_within_the_namespace_exist(overlay: str) -> None:
    manifests = render(overlay)
    services = {name: one["spec"]["ports"] for name, one in manifests.of("Service").items()}
    services |= {f"{name}-rw": [{"port": 5432}] for name in manifests.of("Cluster")}
    found = 0
    for workload in manifests.workloads().values():
        for name, value in manifests.environment(workload).items():
            for host, port in re.findall(r"(?:@|//|^)(melder-[\w-]+):(\d+)", value):
                found += 1
                assert int(port) in {one["port"] for one in services[host]}, f"{name}={value}"
    assert found >= 4


def test_every_region_wide_setting_is_used() -> None:
    used = set()
    for workload in render("region").workloads().values():
        for one in workload.container.get("env", []):
            used.add(one.get("valueFrom", {}).get("configMapKeyRef", {}).get("key"))
    lines = (K8S / "base/region.env").read_text().splitlines()
    assert {line.partition("=")[0] for line in lines} <= used


def test_the_same_services_everywhere() -> None:
    assert set(SPEAKERS) == set(SERVICES)
    base: dict[str, Any] = yaml.safe_load((K8S / "base/kustomization.yaml").read_text())
    assert set(SERVICES) <= set(base["resources"])
