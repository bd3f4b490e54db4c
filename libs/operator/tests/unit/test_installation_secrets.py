"""Secrets are generated once, complete, and for nobody else's eyes."""

import os
from datetime import UTC, datetime
from pathlib import Path

from melder_common.asyncapi import SERVICES
from melder_common.sealing import OpeningKeys, SealingKeys
from melder_operator.installation_secrets import (
    KEYS,
    NEEDED_BY,
    PARTS,
    ensure_secrets,
    generate,
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


def test_servers_and_jobs_get_what_they_start_with_and_no_more(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "all")
    for part, patterns in PARTS.items():
        share_secrets(tmp_path / "all", part, tmp_path / part, owner=None)
        shared = {path.relative_to(tmp_path / part) for path in files(tmp_path / part)}
        wanted = {
            path.relative_to(tmp_path / "all")
            for pattern in patterns
            for path in (tmp_path / "all").glob(pattern)
        }
        assert shared == wanted != set(), part


def test_a_share_can_name_its_own_reader(tmp_path: Path) -> None:
    own = os.getuid()
    generate(tmp_path / "all", share=[f"store={tmp_path / 'store'}:{own}"], owner=None)
    assert {path.stat().st_uid for path in files(tmp_path / "store")} == {own}


def test_the_users_of_nats_follow_the_version_and_reach_the_copy(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "all")
    current = (tmp_path / "all/nats/authorization.conf").read_text()
    (tmp_path / "all/nats/authorization.conf").write_text("authorization { users: [] }")
    share_secrets(tmp_path / "all", "nats", tmp_path / "nats", owner=None)
    ensure_secrets(tmp_path / "all")
    share_secrets(tmp_path / "all", "nats", tmp_path / "nats", owner=None)
    copy = tmp_path / "nats/nats/authorization.conf"
    assert copy.read_text() == current
    assert copy.stat().st_mode & 0o077 == 0
    assert all((tmp_path / f"all/nats/{user}").read_text().strip() in current for user in SERVICES)
