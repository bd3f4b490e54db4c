"""What stands beside a dump: its moment, its logs and cursors, its digest. No personal data."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from melder_common.provisioning import INSTALLATION

FORMAT = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"


class BrokenBackup(ValueError):
    """A backup is not whole; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. ``heads`` and ``cursors`` by "speaker/partition"; ``revisions`` by schema.

    ``keys``: how many contacts need which sealing key; the keys themselves are in no backup.
    """

    moment: str
    server: str
    heads: dict[str, int]
    cursors: dict[str, dict[str, int]]
    revisions: dict[str, str]
    reports: int
    photos: int
    keys: dict[str, int]
    bytes: int
    sha256: str
    format: int = FORMAT

    def write(self, directory: Path) -> None:
        """Put it beside the dump; only a backup with a manifest is whole."""
        (directory / MANIFEST).write_text(json.dumps(asdict(self), indent=1) + "\n")


def read_manifest(directory: Path) -> Manifest:
    """Read a backup's manifest and check its dump. Raises BrokenBackup."""
    try:
        fields: dict[str, Any] = json.loads((directory / MANIFEST).read_text())
        manifest = Manifest(**fields)
    except (OSError, ValueError, TypeError) as flaw:
        raise BrokenBackup(f"{directory} holds no whole backup: {flaw}") from flaw
    if manifest.format != FORMAT:
        raise BrokenBackup(f"{directory} has format {manifest.format}, this program reads {FORMAT}")
    if digest_of(directory / DUMP) != manifest.sha256:
        raise BrokenBackup(
            f"{directory / DUMP} is not the file that was written: its SHA-256 differs"
        )
    return manifest


async def describe(connection: asyncpg.Connection, *, size: int, sha256: str) -> Manifest:
    """The manifest of a dump made in the snapshot that ``connection`` looks at."""
    heads, cursors, revisions = {}, {}, {}
    for schema in (entry.schema for entry in INSTALLATION):
        for row in await connection.fetch(f"SELECT partition, head FROM {schema}.log_head"):
            heads[f"{schema}/{row['partition']}"] = row["head"]
        rows = await connection.fetch(f"SELECT speaker, partition, position FROM {schema}.cursor")
        cursors[schema] = {f"{row['speaker']}/{row['partition']}": row["position"] for row in rows}
        revisions[schema] = await connection.fetchval(
            f"SELECT version_num FROM {schema}.alembic_version"
        )
    keys = await connection.fetch(
        "SELECT key_id, count(*) FROM notify.contact WHERE key_id IS NOT NULL GROUP BY key_id"
    )
    moment = await connection.fetchval("SELECT now()")
    return Manifest(
        moment=moment.isoformat(),
        server=await connection.fetchval("SHOW server_version"),
        heads=dict(sorted(heads.items())),
        cursors=cursors,
        revisions=revisions,
        reports=await connection.fetchval("SELECT count(*) FROM intake.report"),
        photos=await connection.fetchval("SELECT count(*) FROM media.photo"),
        keys={row["key_id"]: row["count"] for row in keys},
        bytes=size,
        sha256=sha256,
    )


def digest_of(file: Path) -> str:
    """SHA-256 in hexadecimal; empty when there is no file."""
    if not file.is_file():
        return ""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
