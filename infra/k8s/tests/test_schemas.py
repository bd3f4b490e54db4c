"""What is rendered is valid Kubernetes, strictly: no field that a release does not know."""

import copy
from typing import Any

import kubernetes_validate
import pytest

from .rendered import OVERLAYS, render

RELEASES = (kubernetes_validate.latest_version(), "1.34")
"""The newest schemas there are, and the oldest release we promise (README.md)."""

FOREIGN = {("postgresql.cnpg.io/v1", "Cluster")}
"""Kinds of other projects, whose operators validate them; test_components.py looks inside."""


def validate(document: dict[str, Any], release: str) -> None:
    kubernetes_validate.validate(document, release, strict=True)


@pytest.mark.parametrize("release", RELEASES)
def test_every_manifest_is_valid(release: str) -> None:
    region = render("region").documents
    more = [document for document in render("inside").documents if document not in region]
    assert more
    for document in [*region, *more]:
        if (document["apiVersion"], document["kind"]) not in FOREIGN:
            validate(document, release)


def test_a_field_that_does_not_exist_is_noticed() -> None:
    broken = copy.deepcopy(render("region").of("Deployment")["melder-intake"])
    broken["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(broken, RELEASES[0])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_reference_to_a_configmap_account_or_service_exists(overlay: str) -> None:
    manifests = render(overlay)
    accounts, settings = manifests.of("ServiceAccount"), manifests.of("ConfigMap")
    for workload in manifests.workloads().values():
        assert workload.pod["serviceAccountName"] in accounts
        manifests.environment(workload)  # fails where a ConfigMap or a key is missing
        for volume in workload.pod["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in settings
    for ingress in manifests.of("Ingress").values():
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = manifests.of("Service")[backend["name"]]
                assert backend["port"]["name"] in {one["name"] for one in service["spec"]["ports"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_select_pods_and_ports_match(overlay: str) -> None:
    manifests = render(overlay)
    workloads = manifests.workloads().values()

    def selected(selector: dict[str, str]) -> list[dict[str, int]]:
        return [one.ports() for one in workloads if selector.items() <= dict(one.labels).items()]

    for service in manifests.of("Service").values():
        (ports,) = selected(service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    for budget in manifests.of("PodDisruptionBudget").values():
        assert len(selected(budget["spec"]["selector"]["matchLabels"])) == 1
    for scaler in manifests.of("HorizontalPodAutoscaler").values():
        target = manifests.of("Deployment")[scaler["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in target["spec"], "the autoscaler counts them"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_first_step_of_the_installation_is_complete(overlay: str) -> None:
    """What the set-up jobs need carries the label by which README.md applies it first."""
    manifests = render(overlay)
    later = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob"}
    for document in manifests.documents:
        labelled = document["metadata"].get("labels", {}).get("melder-step") == "setup"
        of_a_server = document["metadata"]["name"].startswith("melder-nats")
        if document["kind"] == "Ingress":
            assert not labelled
        elif document["kind"] not in later:
            assert labelled, (document["kind"], document["metadata"]["name"])
        elif document["kind"] == "Service":
            assert labelled is of_a_server
        else:
            assert not labelled
