"""The manifests as the cluster will get them, and what follows from them."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from melder_common.testing.nats import program

K8S = Path(__file__).resolve().parents[1]
SERVICES = ("intake", "routing", "media", "notify")
OVERLAYS = ("region", "inside")

Manifest = dict[str, Any]


@cache
def render(overlay: str) -> "Manifests":
    """What `kubectl apply -k` would send for one of our overlays."""
    return render_at(K8S / "overlays" / overlay)


def render_at(directory: Path) -> "Manifests":
    """As ``render``, for any directory with a kustomization."""
    argv = [program("kubectl"), "kustomize", str(directory)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Manifests(tuple(yaml.safe_load_all(done.stdout)))


@dataclass(frozen=True)
class Workload:
    """Something that runs pods; ``name`` without our prefix."""

    kind: str
    name: str
    labels: Mapping[str, str]
    pod: Manifest

    @property
    def container(self) -> Manifest:
        (only,) = self.pod["containers"]
        return dict(only)

    def ports(self) -> dict[str, int]:
        return {one["name"]: one["containerPort"] for one in self.container.get("ports", [])}


@dataclass(frozen=True)
class Manifests:
    """One rendered overlay."""

    documents: tuple[Manifest, ...]

    def of(self, kind: str) -> dict[str, Manifest]:
        return {one["metadata"]["name"]: one for one in self.documents if one["kind"] == kind}

    def workloads(self) -> dict[str, Workload]:
        """By kind and name: ``Deployment/intake``, ``Job/migrate-intake``."""
        found = {}
        for one in self.documents:
            name = one["metadata"]["name"].removeprefix("melder-")
            spec = one.get("spec", {})
            if one["kind"] == "CronJob":
                spec = spec["jobTemplate"]["spec"]
            if one["kind"] in {"Deployment", "StatefulSet", "Job", "CronJob"}:
                template = spec["template"]
                labels = template["metadata"]["labels"]
                found[f"{one['kind']}/{name}"] = Workload(
                    one["kind"], name, labels, template["spec"]
                )
        return found

    def environment(self, workload: Workload) -> dict[str, str]:
        """What the container's process sees, as the kubelet puts it together."""
        settings = self.of("ConfigMap")
        found: dict[str, str] = {}
        for source in workload.container.get("envFrom", []):
            found |= settings[source["configMapRef"]["name"]]["data"]
        earlier: dict[str, str] = {}
        for one in workload.container.get("env", []):
            if "value" in one:
                value = _expand(one["value"], earlier)
            elif "configMapKeyRef" in one["valueFrom"]:
                reference = one["valueFrom"]["configMapKeyRef"]
                data = settings[reference["name"]]["data"]
                if reference["key"] not in data and reference.get("optional"):
                    continue
                value = data[reference["key"]]
            else:
                value = one["valueFrom"]["fieldRef"]["fieldPath"]
            earlier[one["name"]] = value
        return found | earlier

    def secret_mounts(self, workload: Workload) -> dict[str, str]:
        """Where Secrets appear: path → name of the Secret."""
        secrets = {
            volume["name"]: volume["secret"]["secretName"]
            for volume in workload.pod.get("volumes", [])
            if "secret" in volume
        }
        mounts = workload.container.get("volumeMounts", [])
        return {
            mount["mountPath"]: secrets[mount["name"]]
            for mount in mounts
            if mount["name"] in secrets
        }


def _expand(value: str, known: Mapping[str, str]) -> str:
    """``$(NAME)`` of variables that stand before; the kubelet leaves others as they are."""
    expanded = re.sub(r"\$\((\w+)\)", lambda found: known.get(found[1], found[0]), value)
    assert "$(" not in expanded, f"{value} names a variable that does not stand before it"
    return expanded


def pods_of(manifests: Manifests) -> Iterator[Manifest]:
    """Every pod template's spec."""
    for workload in manifests.workloads().values():
        yield workload.pod
