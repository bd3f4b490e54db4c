"""Secrets of an installation, generated once, readable by nobody else."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from melder_common.provisioning import INSTALLATION
from melder_common.sealing import generate_period_key, period_of
from melder_common.secret_files import write_secret
from melder_common.settings import read_secret
from melder_operator.nats_users import all_rights, authorization

KEYS = (
    "internal_token",
    "intake/tracking_key",
    "intake/form_key",
    "media/upload_key",
    "media/original_key",
    "notify/link_key",
    "notify/contact_key",
    "routing/session_key",
    "routing/case_link_key",
    "s3/secret_key",
    "database/melder_admin",
    *(f"database/{role}" for entry in INSTALLATION for role in entry.roles),
    *(f"nats/{entry.schema}" for entry in INSTALLATION),
    "nats/operator",
)


NEEDED_BY = {
    "intake": ("intake/*", "sealing/public/*"),
    "routing": ("routing/*", "grants/private.pem", "sealing/public/*", "database/routing_*"),
    "media": ("media/*", "grants/public.pem", "s3/*"),
    "notify": ("notify/*", "grants/public.pem", "sealing/*/*"),
}
"""Which secrets a service may know besides its own passwords and the token of internal calls."""

PARTS = {
    "postgres": ("database/melder_admin",),
    "nats": ("nats/authorization.conf",),
    "store": ("s3/*",),
    "database": ("database/*",),
    "streams": ("nats/operator",),
}
"""What the servers and the set-up jobs of docker-compose.yml may know, and nothing besides."""


def generate(
    directory: Annotated[Path, typer.Argument(help="created when missing")],
    share: Annotated[
        list[str] | None,
        typer.Option(
            help="part=directory or part=directory:uid: copy what this service, server or job "
            "needs, and nothing else, for the user with this id"
        ),
    ] = None,
    owner: Annotated[int | None, typer.Option(help="user id that shall read the copies")] = None,
) -> None:
    """Generate every missing secret of an installation below a directory (0600)."""
    ensure_secrets(directory)
    for entry in share or []:
        part, _, place = entry.partition("=")
        target, _, user = place.partition(":")
        share_secrets(directory, part, Path(target), owner=int(user) if user else owner)
    typer.echo(f"Secrets are in {directory}; existing ones were kept.")


def share_secrets(directory: Path, part: str, target: Path, *, owner: int | None) -> None:
    """Copy what ``part`` needs to ``target``, readable by ``owner`` only."""
    for pattern in _needed_by(part):
        for source in directory.glob(pattern):
            _write_current(target / source.relative_to(directory), source.read_bytes())
    if owner is not None:
        for path in (target, *target.rglob("*")):
            os.chown(path, owner, owner)


def _needed_by(part: str) -> tuple[str, ...]:
    if part in PARTS:
        return PARTS[part]
    return ("internal_token", f"database/melder_{part}", f"nats/{part}", *NEEDED_BY[part])


def _write_current(file: Path, content: bytes) -> None:
    if file.exists():
        if file.read_bytes() == content:
            return
        file.unlink()
    write_secret(file, content)


def ensure_secrets(directory: Path) -> None:
    """Create what is missing; no secret that exists is ever changed.

    The users of NATS with their rights are written anew from the passwords: a new version may
    give a service other rights.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in KEYS:
        _write_once(directory / name, secrets.token_hex(32))
    _write_once(directory / "s3/access_key", "melder-media")
    _ensure_grant_keys(directory / "grants")
    _ensure_sealing_keys(directory / "sealing", period_of(datetime.now(UTC)))
    users = {user: read_secret(directory / "nats" / user) for user in all_rights()}
    _write_current(directory / "nats/authorization.conf", authorization(users).encode())


def _write_once(file: Path, content: str) -> None:
    if file.exists():
        return
    write_secret(file, (content + "\n").encode())


def _ensure_grant_keys(directory: Path) -> None:
    if (directory / "private.pem").exists():
        return
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write_once(directory / "public.pem", public.decode().strip())
    _write_once(directory / "private.pem", private.decode().strip())


def _ensure_sealing_keys(directory: Path, period: str) -> None:
    if any((directory / "public").glob("*.pub")):
        return
    generate_period_key(period, public_dir=directory / "public", private_dir=directory / "private")
