"""docker-compose.yml and the Dockerfiles, as far as they can be judged without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from melder_containers.check import dockerfiles, lint
from melder_containers.engine import needs_plugin
from melder_containers.foreign_images import FOR_BUILDS, FOR_COMPOSE, registry_of
from melder_containers.inspection import CAPABILITIES, HAND_OVER_VOLUMES
from melder_containers.service_images import SERVICES, USER
from melder_local.place import CHECKOUT

SPECIFICATION = {
    *("build", "cap_add", "cap_drop", "command", "depends_on", "entrypoint", "env_file"),
    *("environment", "healthcheck", "image", "logging", "network_mode", "networks", "ports"),
    *("profiles", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period"),
    *("stop_signal", "tmpfs", "user", "volumes"),
}
"""Keys that Compose 1.29 and Compose v2 both know; what we use must be among them."""

ASKED_FROM_OUTSIDE = {"store"}
"""Its image has no shell: the job `store-answers` asks instead."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    return found


def test_hadolint_has_nothing_to_say() -> None:
    assert len(dockerfiles()) == len(SERVICES) + len(FOR_BUILDS) + len(FOR_COMPOSE)
    assert lint() == []


def test_both_kinds_of_compose_know_every_key(compose: dict[str, Any]) -> None:
    top = {key for key in compose if not key.startswith("x-")}
    assert top == {"services", "volumes", "networks"}, "1.29 knows no name, v2 wants no version"
    for name, service in compose["services"].items():
        assert set(service) <= SPECIFICATION, name


def test_everything_is_locked(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", [])) <= CAPABILITIES.get(name, set()), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        offline = name in HAND_OVER_VOLUMES
        assert service.get("user", USER) != "0:0" or offline, name
        assert (service.get("network_mode") == "none") is offline, name


def test_the_gateway_alone_has_a_way_out_unless_open311_is_asked_for(
    compose: dict[str, Any],
) -> None:
    outside = {name: service.get("networks") for name, service in compose["services"].items()}
    assert {name for name, nets in outside.items() if nets != ["inner"] and nets} == {"gateway"}
    more = yaml.safe_load((CHECKOUT / "infra/compose/open311.yml").read_text())
    assert more["services"] == {"routing": {"networks": ["inner", "outer"]}}
    assert set(more["networks"]) <= set(compose["networks"])


def test_servers_say_whether_they_are_healthy_and_jobs_end(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service["restart"] == "no":
            assert "healthcheck" not in service, name
        elif name not in ASKED_FROM_OUTSIDE:
            assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name


def test_every_image_can_be_replaced_and_is_one_that_the_check_provides(
    compose: dict[str, Any],
) -> None:
    known = {image.name for image in FOR_COMPOSE} | {f"melder-{service}" for service in SERVICES}
    for name, service in compose["services"].items():
        match = re.fullmatch(r"\$\{MELDER_\w+_IMAGE:-(.+)\}", service["image"])
        assert match, name
        assert match.group(1) in known, name


def test_no_password_stands_in_any_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        variables = dict(service.get("environment", {}))
        if file := service.get("env_file"):
            variables |= dict(read_variables(CHECKOUT / file))
        for variable, value in variables.items():
            secret = re.search(r"PASSWORD|SECRET|TOKEN|_KEY|ROOT_USER|PRIVATE", variable)
            is_place = str(value).startswith(("/secrets/", "/clerks/"))
            assert not secret or is_place, (name, variable)
            assert not re.search(r"//[^/@]*:[^/@]*@", str(value)), (name, variable)


def test_each_container_sees_its_own_secrets_only(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        seen = [volume for volume in service.get("volumes", []) if volume.startswith("secrets-")]
        if name == "secrets":
            continue
        own = {"region": "routing"}.get(name, name.removeprefix("migrate-"))
        assert seen == [one for one in seen if one.startswith(f"secrets-{own}:")], name
        assert all(volume.endswith(":ro") for volume in seen), name


def test_foreign_images_are_those_of_the_dockerfiles() -> None:
    names = {image.name for image in FOR_BUILDS}
    for service in SERVICES:
        text = (CHECKOUT / f"services/{service}/Dockerfile").read_text()
        assert set(re.findall(r"^ARG \w+_IMAGE=(\S+)$", text, re.MULTILINE)) == names
        assert len(re.findall(r"^FROM ", text, re.MULTILINE)) > 1
        assert f"USER {USER}" in text.rpartition("FROM ")[2]


def test_the_four_dockerfiles_differ_in_nothing_but_the_name() -> None:
    """They are four so that each service can be read alone; a change belongs into all."""
    texts = {
        (CHECKOUT / f"services/{service}/Dockerfile").read_text().replace(service, "SERVICE")
        for service in SERVICES
    }
    assert len(texts) == 1


def test_the_requirements_of_an_image_are_pinned_by_hash_without_addresses() -> None:
    for service in (*SERVICES, "routing-gdal"):
        text = (CHECKOUT / f"requirements/{service}.txt").read_text()
        packages = re.findall(r"^[a-z0-9].*", text, re.MULTILINE)
        assert packages
        assert all(re.fullmatch(r"[^ ]+==[^ ]+( ; .+)? \\", package) for package in packages)
        assert "://" not in text
        everything = (CHECKOUT / "requirements/runtime.txt").read_text()
        assert all(package.rstrip(" \\") in everything for package in packages)


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nats:2.12-alpine", "registry-1.docker.io"),
        ("postgis/postgis:15-3.4", "registry-1.docker.io"),
        ("cgr.dev/chainguard/minio:latest", "cgr.dev"),
    ],
)
def test_an_image_names_its_registry(image: str, registry: str) -> None:
    assert registry_of(image) == registry


def test_old_clients_build_with_buildkit_by_themselves() -> None:
    assert not needs_plugin("Docker version 20.10.24+dfsg1, build 297e128")
    assert needs_plugin("Docker version 28.2.2, build e6534b4")


def read_variables(file: Path) -> list[tuple[str, str]]:
    lines = (line for line in file.read_text().splitlines() if line)
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]
