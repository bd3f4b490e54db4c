"""Every pod keeps the restricted Pod Security Standard, and our own rules beyond it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from melder_common.serving import GRACE_S

from .rendered import K8S, OVERLAYS, SERVICES, Workload, render

WORKLOADS = [
    pytest.param(workload, id=f"{overlay}-{name}")
    for overlay in OVERLAYS
    for name, workload in render(overlay).workloads().items()
]
VOLUMES = {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}
"""Those of the restricted standard that we use."""


def offences(pod: dict[str, Any]) -> Iterator[str]:
    """What the restricted standard refuses (kubernetes.io, Pod Security Standards)."""
    context = pod.get("securityContext", {})
    if any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares the host's namespaces"
    if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) == 0:
        yield "may be root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    for volume in pod.get("volumes", []):
        if not (set(volume) - {"name"}) <= VOLUMES:
            yield f"mounts {volume}"
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        yield from container_offences(container)


def container_offences(container: dict[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "may gain privileges"
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "keeps capabilities"
    if not set(own.get("capabilities", {}).get("add", [])) <= {"NET_BIND_SERVICE"}:
        yield "adds capabilities"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "takes a port of the host"


@pytest.mark.parametrize(
    "change",
    [
        {"hostNetwork": True},
        {"securityContext": {}},
        {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
        {"containers": [{"securityContext": {"privileged": True}}]},
        {"containers": [{"ports": [{"hostPort": 80}]}]},
    ],
)
def test_what_is_not_restricted_is_noticed(change: dict[str, Any]) -> None:
    pod = render("region").workloads()["Deployment/intake"].pod
    assert list(offences({**pod, **change}))


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_pod_is_restricted(workload: Workload) -> None:
    assert list(offences(workload.pod)) == []


def test_the_namespace_enforces_it() -> None:
    labels = render("region").of("Namespace")["melder"]["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_pod_has_nothing_it_does_not_need(workload: Workload) -> None:
    assert workload.pod["automountServiceAccountToken"] is False
    assert workload.pod["enableServiceLinks"] is False, "would put MELDER_… into the environment"
    container = workload.container
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    for kind in ("requests", "limits"):
        assert {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"][kind])
    for volume in workload.pod["volumes"]:
        if "emptyDir" in volume:
            assert volume["emptyDir"]["sizeLimit"]
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o440


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_account_gets_a_token(overlay: str) -> None:
    for account in render(overlay).of("ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_image_is_named_in_one_place_and_by_digest(overlay: str) -> None:
    named = (K8S / "images/kustomization.yaml").read_text()
    images = {one.container["image"] for one in render(overlay).workloads().values()}
    images |= {one["spec"]["imageName"] for one in render(overlay).of("Cluster").values()}
    for image in images:
        name, _, digest = image.partition("@")
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest), image
        assert f"newName: {name}\n    digest: {digest}" in named


@pytest.mark.parametrize("workload", WORKLOADS)
def test_spreading_is_what_the_api_accepts(workload: Workload) -> None:
    """A key in both lists is refused by the API server, which no schema knows."""
    for constraint in workload.pod.get("topologySpreadConstraints", []):
        selector = constraint["labelSelector"]["matchLabels"]
        assert selector.items() <= dict(workload.labels).items()
        assert not set(selector) & set(constraint.get("matchLabelKeys", []))
        assert {"app.kubernetes.io/name"} <= set(selector)


@pytest.mark.parametrize("service", SERVICES)
def test_a_stopping_service_gets_the_time_it_takes(service: str) -> None:
    workload = render("region").workloads()[f"Deployment/{service}"]
    drain = float(render("region").environment(workload)[f"{service.upper()}_DRAIN_SECONDS"])
    probe = workload.container["readinessProbe"]
    assert drain >= probe["periodSeconds"] * probe["failureThreshold"]
    assert workload.pod["terminationGracePeriodSeconds"] >= drain + GRACE_S + 10


@pytest.mark.parametrize("service", SERVICES)
def test_replicas_grow_up_to_the_partitions(service: str) -> None:
    manifests = render("region")
    environment = manifests.environment(manifests.workloads()[f"Deployment/{service}"])
    scaling = manifests.of("HorizontalPodAutoscaler")[f"melder-{service}"]["spec"]
    assert scaling["maxReplicas"] == int(environment[f"{service.upper()}_PARTITIONS"])
    assert scaling["minReplicas"] >= 2, "one may always be moved (PodDisruptionBudget)"
