"""The images of the four services: built, and judged by what is in them."""

import os
import subprocess
import tarfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from melder_containers.engine import Engine
from melder_containers.foreign_images import certificates
from melder_containers.running import run
from melder_local.place import CHECKOUT

SERVICES = ("intake", "routing", "media", "notify")
LARGEST_BYTES = 250_000_000
USER = "10001:10001"

FORBIDDEN = {
    "compiler": {"cc", "gcc", "g++", "clang", "ld", "as", "make", "cargo", "rustc", "go"},
    "package manager": {"pip", "pip3", "apt", "apt-get", "dpkg", "apk", "npm", "conda", "uv"},
    "shell": {"sh", "bash", "dash", "ash", "busybox"},
    "test tool": {"pytest", "hypothesis", "playwright", "coverage", "mypy", "ruff", "aiosmtpd"},
}
"""Names that no image may have, as a program or as a Python package."""

_PROGRAM_FOLDERS = {"bin", "sbin"}
_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}


@dataclass(frozen=True, slots=True)
class ServiceImage:
    """A built image. ``seconds``: how long the build took, with the caches as they were."""

    service: str
    bytes: int
    seconds: float
    findings: tuple[str, ...]

    @property
    def name(self) -> str:
        """As docker-compose.yml calls it."""
        return f"melder-{self.service}"


def build_image(engine: Engine, service: str) -> ServiceImage:
    """Build and judge one image. Raises ProgramFailed with the end of the build's output."""
    name = f"melder-{service}"
    started = time.monotonic()
    run(
        [engine.client, "build", *build_arguments(service), "-t", name, "."],
        environment=engine.environment,
        cwd=CHECKOUT,
    )
    seconds = time.monotonic() - started
    size, user = engine.docker(
        "image", "inspect", "--format", "{{.Size}} {{.Config.User}}", name
    ).split()
    findings = [
        *judge(int(size), user),
        *find_forbidden(list_files(engine, name)),
    ]
    return ServiceImage(service, int(size), seconds, tuple(findings))


def build_arguments(service: str) -> list[str]:
    """Dockerfile and what this machine needs to reach registries: certificates, addresses."""
    arguments = ["--file", f"services/{service}/Dockerfile"]
    secrets = {
        "ca": certificates(),
        "pip": os.environ.get("PIP_CONFIG_FILE"),
        "npm": os.environ.get("NPM_CONFIG_USERCONFIG"),
    }
    for name, file in secrets.items():
        if file and Path(file).is_file():
            arguments += ["--secret", f"id={name},src={file}"]
    return arguments


def judge(size: int, user: str) -> list[str]:
    """What is wrong with an image's figures."""
    findings = []
    if size > LARGEST_BYTES:
        findings.append(f"{size / 1e6:.0f} MB, more than {LARGEST_BYTES / 1e6:.0f}")
    if user != USER:
        findings.append(f"runs as {user}, not as {USER}")
    return findings


def list_files(engine: Engine, image: str) -> list[str]:
    """Every path in an image."""
    container = engine.docker("create", image).strip()
    export = [engine.client, "export", container]
    environment = {**os.environ, **engine.environment}
    try:
        with (
            subprocess.Popen(export, env=environment, stdout=subprocess.PIPE) as archive,
            tarfile.open(fileobj=archive.stdout, mode="r|") as files,
        ):
            return [file.name for file in files]
    finally:
        engine.docker("rm", container)


def find_forbidden(paths: Iterable[str]) -> list[str]:
    """Compilers, shells, package managers and test tools among ``paths``, each said once."""
    kinds = {name: kind for kind, names in FORBIDDEN.items() for name in names}
    found = set()
    for path in map(PurePosixPath, paths):
        folder = path.parent.name
        if folder in _PROGRAM_FOLDERS and path.name in kinds:
            found.add(f"{kinds[path.name]}: /{path}")
        if folder in _PACKAGE_FOLDERS and path.name.lower() in kinds:
            found.add(f"{kinds[path.name.lower()]}: /{path}")
    return sorted(found)
