"""What must be true of every container, read from what the engine says of it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from melder_containers.project import Container

HAND_OVER_VOLUMES = {"secrets": {"CHOWN", "DAC_OVERRIDE"}, "volumes": {"CHOWN"}}
"""Jobs that run as root once, without network, and the capabilities they do it with."""

CAPABILITIES = {"gateway": {"NET_BIND_SERVICE"}, **HAND_OVER_VOLUMES}
AT_THE_DOOR = {"gateway"}
"""Alone publishes a port and has a network with a way out."""

_SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|PASSPHRASE|_KEY)", re.IGNORECASE)
_PLACE_OF_A_SECRET = ("_FILE", "_DIR")


def judge_container(container: Container) -> list[str]:
    """What is wrong with how a container may behave."""
    host, name = container.inspected["HostConfig"], container.service
    allowed = CAPABILITIES.get(name, set())
    added = {str(one).removeprefix("CAP_") for one in host["CapAdd"] or []}
    rules = {
        "its root file system can be written": not host["ReadonlyRootfs"],
        "it is privileged": host["Privileged"],
        "it keeps capabilities": "ALL" not in (host["CapDrop"] or []),
        f"it has capabilities {added - allowed}": bool(added - allowed),
        "it may gain privileges": not any(
            "no-new-privileges" in str(one) for one in host["SecurityOpt"] or []
        ),
        "it runs as root": is_root(container.inspected["Config"]["User"])
        and name not in HAND_OVER_VOLUMES,
        "it publishes ports": bool(host["PortBindings"]) and name not in AT_THE_DOOR,
        "it sees the engine's socket": "docker.sock" in json.dumps(host["Binds"] or []),
    }
    return [f"{name}: {rule}" for rule, broken in rules.items() if broken]


def find_ways_out(container: Container, open_networks: set[str]) -> list[str]:
    """Networks that lead out of the machine, where a container has no business with one."""
    networks = set(container.inspected["NetworkSettings"]["Networks"]) & open_networks
    if container.service in AT_THE_DOOR or not networks:
        return []
    return [f"{container.service}: is in {', '.join(sorted(networks))}, which leads outside"]


def is_root(user: str) -> bool:
    """Whether a container's user is root, as it is without any."""
    return user.partition(":")[0] in {"", "0", "root"}


def find_passwords(container: Container) -> list[str]:
    """Variables that look as if they held a secret and not the place of one."""
    variables = (entry.partition("=") for entry in container.inspected["Config"]["Env"] or [])
    return [
        f"{container.service}: {name} stands in the environment"
        for name, _, value in variables
        if value and _SECRET_NAME.search(name) and not name.endswith(_PLACE_OF_A_SECRET)
    ]


def find_writes(container: Container, changes: Iterable[str]) -> list[str]:
    """Changed paths that are neither a place where something is mounted nor on the way to one."""
    mounted = mount_points(container.inspected)
    ways = {str(way) for mount in mounted for way in (PurePosixPath(mount), *_parents(mount))}
    return [f"{container.service}: wrote {path}" for path in changes if path not in ways]


def mount_points(inspected: Mapping[str, Any]) -> set[str]:
    """Where volumes, files and memory file systems are in a container."""
    volumes = {str(mount["Destination"]) for mount in inspected["Mounts"]}
    return volumes | set(inspected["HostConfig"].get("Tmpfs") or {})


def _parents(path: str) -> Sequence[PurePosixPath]:
    return [parent for parent in PurePosixPath(path).parents if str(parent) != "/"]


def find_leaks(where: str, text: str, secrets: Mapping[str, str]) -> list[str]:
    """Secrets (or a person's data) by name whose value stands in ``text``."""
    return [f"{where}: {name} stands there" for name, value in secrets.items() if value in text]
