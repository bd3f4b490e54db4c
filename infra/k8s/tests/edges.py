"""Which connections NetworkPolicies leave open, computed as the API defines it."""

from collections.abc import Iterator, Mapping
from typing import Any

from .rendered import Manifest, Manifests

Edge = tuple[str, str, str]
"""From, to, port; ``*`` where a policy does not restrict."""


def open_edges(manifests: Manifests) -> set[Edge]:
    """Every connection between pods, from outside and to outside that is not refused."""
    pods = _pods(manifests)
    policies = list(manifests.of("NetworkPolicy").values())
    found: set[Edge] = set()
    for source, labels in pods.items():
        outgoing = list(_rules(policies, labels, "Egress", "to"))
        for target, theirs in pods.items():
            incoming = list(_rules(policies, theirs, "Ingress", "from"))
            ports = _ports(outgoing, theirs) & _ports_in(incoming, labels)
            found |= {(source, target, port) for port in ports}
        found |= {(source, *edge) for edge in _outside(outgoing)}
    for target, labels in pods.items():
        incoming = list(_rules(policies, labels, "Ingress", "from"))
        found |= {(peer, target, port) for peer, port in _outside(incoming)}
    return found


def _pods(manifests: Manifests) -> dict[str, Mapping[str, str]]:
    pods = {workload.name: workload.labels for workload in manifests.workloads().values()}
    for name in manifests.of("Cluster"):  # CloudNativePG labels its pods so
        pods["postgres"] = {"cnpg.io/cluster": name}
    return pods


def _rules(
    policies: list[Manifest], labels: Mapping[str, str], direction: str, key: str
) -> Iterator[dict[str, Any]]:
    """Each rule with its peers under ``peers``; where no policy applies, one that allows all."""
    applying = [
        policy["spec"]
        for policy in policies
        if direction in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], labels)
    ]
    if not applying:
        yield {"peers": None, "ports": ["*"]}
    for spec in applying:
        for rule in spec.get(direction.lower(), []):
            ports = [_port(one) for one in rule.get("ports", [])] or ["*"]
            yield {"peers": rule.get(key) or None, "ports": ports}


def _port(one: Mapping[str, Any]) -> str:
    assert "endPort" not in one
    return str(one["port"]) if one.get("protocol", "TCP") == "TCP" else f"{one['port']}/UDP"


def _ports(rules: list[dict[str, Any]], labels: Mapping[str, str]) -> set[str]:
    """The ports that ``rules`` open towards (or from) pods with ``labels`` of this namespace."""
    found: set[str] = set()
    for rule in rules:
        peers = rule["peers"]
        inside = peers is None or any(
            "namespaceSelector" not in peer
            and "podSelector" in peer
            and _selects(peer["podSelector"], labels)
            for peer in peers
        )
        if inside:
            found |= set(rule["ports"])
    return found


def _ports_in(rules: list[dict[str, Any]], labels: Mapping[str, str]) -> "_PortSet":
    return _PortSet(_ports(rules, labels))


class _PortSet(set[str]):
    """Ports of one side; ``*`` on either side means the other's."""

    def __rand__(self, other: object) -> set[str]:
        assert isinstance(other, set)
        if "*" in self:
            return set(other)
        return set(self) if "*" in other else set(self) & set(other)


def _outside(rules: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for rule in rules:
        for port in rule["ports"]:
            if rule["peers"] is None:
                yield "anybody", port
            for peer in rule["peers"] or []:
                if "ipBlock" in peer:
                    yield peer["ipBlock"]["cidr"], port
                elif "namespaceSelector" in peer:
                    yield _name_of(peer), port


def _name_of(peer: Mapping[str, Any]) -> str:
    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    pods = peer.get("podSelector", {}).get("matchLabels", {})
    return "/".join([namespace, *pods.values()])


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
