"""``melder kubernetes-secrets``: an installation's secrets as the Secrets of infra/k8s."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from melder_common.asyncapi import SERVICES
from melder_common.provisioning import INSTALLATION
from melder_common.settings import SettingsError, read_secret
from melder_operator.installation_secrets import KEYS, NEEDED_BY
from melder_operator.nats_users import DEFAULT_PARTITIONS, OPERATOR, authorization

OWNER_APART = "routing"
"""Its serving pods use lesser roles; only its migration gets the owner's password."""


def kubernetes_secrets(
    directory: Annotated[Path, typer.Argument(help="directory made by `melder secrets`")],
    namespace: Annotated[str, typer.Option()] = "melder",
    partitions: Annotated[int, typer.Option(min=1)] = DEFAULT_PARTITIONS,
    *,
    cloudnative_pg: Annotated[
        bool, typer.Option("--cloudnative-pg", help="also the roles' passwords for its operator")
    ] = False,
) -> None:
    """Print the Secrets; pipe them into `kubectl apply -f -`, keep them nowhere."""
    try:
        secrets = dict(find_secrets(directory, partitions))
        if cloudnative_pg:
            secrets |= dict(find_role_secrets(directory))
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    manifests = [_manifest(name, namespace, files) for name, files in secrets.items()]
    typer.echo(yaml.safe_dump_all(manifests, sort_keys=False))


def find_secrets(directory: Path, partitions: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Names of Secrets with the files in them; a file ``a/b`` is the key ``a.b``."""
    missing = [name for name in KEYS if not (directory / name).is_file()]
    if missing:
        raise SettingsError(f"{directory} lacks {', '.join(missing)}: run `melder secrets` first")
    for service in SERVICES:
        yield f"melder-{service}", _read(directory, _patterns_of(service))
    yield "melder-routing-owner", _read(directory, ["database/melder_routing"])
    for half in ("public", "private"):
        files = _read(directory, [f"sealing/{half}/*"])
        yield f"melder-sealing-{half}", {key.split(".", 2)[2]: files[key] for key in files}
    keys = sorted(path for path in (directory / "open311").glob("*") if path.is_file())
    yield "melder-open311", {path.name: read_secret(path) + "\n" for path in keys}
    yield "melder-nats-operator", _read(directory, [f"nats/{OPERATOR}"])
    passwords = {user: read_secret(directory / "nats" / user) for user in (*SERVICES, OPERATOR)}
    yield "melder-nats", {"authorization.conf": authorization(passwords, partitions)}


def find_role_secrets(directory: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """One Secret of type basic-auth for each role of the database."""
    for entry in INSTALLATION:
        for role in entry.roles:
            password = read_secret(directory / "database" / role)
            name = f"melder-role-{role.replace('_', '-')}"
            yield name, {"username": role, "password": password}


def _patterns_of(service: str) -> list[str]:
    """What `melder secrets --share` gives the service, but keys of periods, which come apart."""
    patterns = ["internal_token", f"nats/{service}"]
    patterns += [pattern for pattern in NEEDED_BY[service] if not pattern.startswith("sealing/")]
    if service != OWNER_APART:
        patterns.append(f"database/melder_{service}")
    return patterns


def _read(directory: Path, patterns: list[str]) -> dict[str, str]:
    files = {}
    for pattern in patterns:
        found = sorted(path for path in directory.glob(pattern) if path.is_file())
        if not found:
            raise SettingsError(f"there is no {directory / pattern}: run `melder secrets` first")
        for path in found:
            key = ".".join(path.relative_to(directory).parts)
            files[key] = read_secret(path) + "\n"
    return files


def _manifest(name: str, namespace: str, files: Mapping[str, str]) -> dict[str, Any]:
    kind = "kubernetes.io/basic-auth" if "username" in files else "Opaque"
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "melder", "melder-step": "setup"},
        },
        "type": kind,
        "data": {key: b64encode(text.encode()).decode() for key, text in files.items()},
    }
