"""Secrets of an installation, generated once, readable by nobody else."""

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

KEYS = (
    "internal_token",
    "intake/tracking_key",
    "intake/form_key",
    "media/upload_key",
    "media/original_key",
    "notify/link_key",
    "notify/contact_key",
    "routing/session_key",
    "s3/secret_key",
    "database/melder_admin",
    *(f"database/{role}" for entry in INSTALLATION for role in entry.roles),
    *(f"nats/{entry.schema}" for entry in INSTALLATION),
)


def generate(directory: Annotated[Path, typer.Argument(help="created when missing")]) -> None:
    """Generate every missing secret of an installation below a directory (0600)."""
    ensure_secrets(directory)
    typer.echo(f"Secrets are in {directory}; existing ones were kept.")


def ensure_secrets(directory: Path) -> None:
    """Create what is missing; what exists is never changed."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in KEYS:
        _write_once(directory / name, secrets.token_hex(32))
    _write_once(directory / "s3/access_key", "melder-media")
    _ensure_grant_keys(directory / "grants")
    _ensure_sealing_keys(directory / "sealing", period_of(datetime.now(UTC)))


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
