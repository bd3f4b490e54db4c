"""The network lets through what the services need of each other, and nothing else."""

from dataclasses import replace

import pytest

from .edges import Edge, open_edges
from .rendered import SERVICES, Manifests, render

PICTURE = """
ingress-nginx    gateway                          8080
gateway          intake routing media notify      8080
intake           routing media                    8080
routing          media                            8080
"""
"""Caddy is the one origin; between services only intake calls routing and media, and routing
fetches released photos for bodies reached by Open311."""

OUTSIDE = {
    "region": """
intake routing media notify                                      192.0.2.10/32   5432
migrate-intake migrate-routing migrate-media migrate-notify      192.0.2.10/32   5432
erase-again-intake erase-again-media erase-again-notify          192.0.2.10/32   5432
intake routing media notify streams                              192.0.2.20/32   4222
media                                                            192.0.2.30/32   443
notify                                                           192.0.2.40/32   587
routing                                                          192.0.2.50/32   443
""",
    "inside": """
intake routing media notify                                      postgres        5432
migrate-intake migrate-routing migrate-media migrate-notify      postgres   5432
erase-again-intake erase-again-media erase-again-notify          postgres   5432
intake routing media notify streams                              nats            4222
nats                                                             nats            6222
postgres                                                         postgres        5432 8000
cnpg-system                                                      postgres        5432 8000
postgres                                                         anybody         6443 443
media                                                            192.0.2.30/32   443
notify                                                           192.0.2.40/32   587
routing                                                          192.0.2.50/32   443
""",
}


def edges_of(picture: str) -> set[Edge]:
    found = set()
    for line in filter(None, picture.splitlines()):
        sources, targets, ports = (column.split() for column in line.split("  ") if column.strip())
        found |= {
            (source, target, port) for source in sources for target in targets for port in ports
        }
    return found


def expected(manifests: Manifests, overlay: str) -> set[Edge]:
    everybody = {workload.name for workload in manifests.workloads().values()}
    everybody |= {"postgres"} if overlay == "inside" else set()
    names = {(one, "kube-system/kube-dns", port) for one in everybody for port in ("53", "53/UDP")}
    return names | edges_of(PICTURE) | edges_of(OUTSIDE[overlay])


@pytest.mark.parametrize("overlay", OUTSIDE)
def test_exactly_the_paths_of_the_design_are_open(overlay: str) -> None:
    manifests = render(overlay)
    found, wanted = open_edges(manifests), expected(manifests, overlay)
    assert found - wanted == set(), "open, and not in the picture"
    assert wanted - found == set(), "in the picture, and closed"


@pytest.mark.parametrize("name", sorted(render("region").of("NetworkPolicy")))
def test_each_policy_matters(name: str) -> None:
    """Also shows that the computation above notices a policy that is missing."""
    manifests = render("region")
    rest = [one for one in manifests.documents if one["metadata"]["name"] != name
            or one["kind"] != "NetworkPolicy"]  # fmt: skip
    assert open_edges(replace(manifests, documents=tuple(rest))) != open_edges(manifests)


def test_the_services_that_run_are_those_of_the_picture() -> None:
    running = {w.name for w in render("region").workloads().values() if w.kind == "Deployment"}
    assert running == {"gateway", *SERVICES}
