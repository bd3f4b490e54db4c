"""Only a whole backup is read: a missing, older or changed one is named."""

import json
from pathlib import Path

import pytest

from melder_operator.manifest import (
    DUMP,
    MANIFEST,
    BrokenBackup,
    Manifest,
    digest_of,
    read_manifest,
)


def made(directory: Path, **changes: object) -> Path:
    (directory / DUMP).write_bytes(b"all of it")
    fields = {
        "moment": "2026-11-23T03:00:00+00:00",
        "server": "15.18",
        "heads": {"intake/1": 7},
        "cursors": {"routing": {"intake/1": 7}},
        "revisions": {"intake": "0001"},
        "reports": 7,
        "photos": 0,
        "keys": {"2026-11": 7},
        "bytes": 9,
        "sha256": digest_of(directory / DUMP),
    }
    Manifest(**{**fields, **changes}).write(directory)  # type: ignore[arg-type]
    return directory


def test_a_whole_backup_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(made(tmp_path))
    assert (manifest.reports, manifest.heads) == (7, {"intake/1": 7})


def test_a_changed_dump_is_named(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / DUMP).write_bytes(b"all of it, and more")
    with pytest.raises(BrokenBackup, match="SHA-256"):
        read_manifest(tmp_path)


def test_a_missing_dump_is_named(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / DUMP).unlink()
    with pytest.raises(BrokenBackup, match=DUMP):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [None, "", "{}", json.dumps([1])])
def test_what_has_no_manifest_is_no_backup(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(BrokenBackup, match="no whole backup"):
        read_manifest(tmp_path)


def test_a_format_of_tomorrow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenBackup, match="format 2"):
        read_manifest(made(tmp_path, format=2))
