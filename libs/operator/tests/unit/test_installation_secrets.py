"""Secrets are generated once, complete, and for nobody else's eyes."""

from datetime import UTC, datetime
from pathlib import Path

from melder_common.sealing import OpeningKeys, SealingKeys
from melder_operator.installation_secrets import (
    KEYS,
    NEEDED_BY,
    ensure_secrets,
    share_secrets,
)


def contents(directory: Path) -> dict[str, str]:
    return {str(file): file.read_text() for file in directory.rglob("*") if file.is_file()}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    first = contents(tmp_path)
    ensure_secrets(tmp_path)
    assert contents(tmp_path) == first
    assert len(set(first.values())) == len(first), "every secret is its own"


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    for name in (*KEYS, "grants/private.pem"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name


def test_what_intake_seals_notify_opens(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    envelope = SealingKeys.load(tmp_path / "sealing/public").seal(b"secret", datetime.now(UTC))
    assert OpeningKeys.load(tmp_path / "sealing/private").open(envelope) == b"secret"


def test_each_service_gets_its_own_secrets_and_nobody_elses(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "all")
    for service in NEEDED_BY:
        share_secrets(tmp_path / "all", service, tmp_path / service, owner=None)
    notify_only = {"sealing/private", "notify"}
    for service in ("intake", "routing", "media"):
        known = {
            str(file.parent.relative_to(tmp_path / service)) for file in files(tmp_path / service)
        }
        assert not known & notify_only, service
    assert [file.name for file in (tmp_path / "intake/database").iterdir()] == ["melder_intake"]


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
