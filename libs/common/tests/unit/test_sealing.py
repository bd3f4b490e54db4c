"""Contacts are closed for notify's key of the period, and open for nobody else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melder_common.event_values import SealedEnvelope
from melder_common.sealing import (
    EnvelopeUnreadable,
    OpeningKeys,
    SealingKeys,
    generate_period_key,
    period_of,
)
from melder_common.settings import SettingsError

NOVEMBER = datetime(2026, 11, 15, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def directories(tmp_path: Path) -> tuple[Path, Path]:
    public, private = tmp_path / "public", tmp_path / "private"
    for period in ("2026-09", "2026-11", "2027-01"):
        generate_period_key(period, public_dir=public, private_dir=private)
    return public, private


@given(st.binary(max_size=500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_what_is_sealed_comes_out_again(directories: tuple[Path, Path], content: bytes) -> None:
    public, private = directories
    envelope = SealingKeys.load(public).seal(content, NOVEMBER)
    assert OpeningKeys.load(private).open(envelope) == content
    assert content not in envelope.box.encode() or len(content) < 4


def test_the_newest_period_that_has_begun_is_used(directories: tuple[Path, Path]) -> None:
    keys = SealingKeys.load(directories[0])
    assert keys.seal(b"x", NOVEMBER).key_id == "2026-11"
    assert keys.seal(b"x", DECEMBER).key_id == "2026-11"
    assert keys.seal(b"x", datetime(2026, 10, 31, 23, 59, tzinfo=UTC)).key_id == "2026-09"
    with pytest.raises(SettingsError, match="has begun by 2026-08"):
        keys.seal(b"x", datetime(2026, 8, 1, tzinfo=UTC))


def test_a_new_period_needs_no_restart(directories: tuple[Path, Path]) -> None:
    public, private = directories
    sealing, opening = SealingKeys.load(public), OpeningKeys.load(private)
    generate_period_key("2026-12", public_dir=public, private_dir=private)
    envelope = sealing.seal(b"x", DECEMBER)
    assert envelope.key_id == "2026-12"
    assert opening.open(envelope) == b"x"


def test_a_destroyed_key_ends_it(directories: tuple[Path, Path]) -> None:
    public, private = directories
    envelope = SealingKeys.load(public).seal(b"x", NOVEMBER)
    (private / "2026-11.key").unlink()
    with pytest.raises(EnvelopeUnreadable, match="2026-11"):
        OpeningKeys.load(private).open(envelope)


@pytest.mark.parametrize("box", ["", "!!", "AAAA", "A" * 200, "ä"])
def test_broken_boxes_say_so(directories: tuple[Path, Path], box: str) -> None:
    with pytest.raises(EnvelopeUnreadable):
        OpeningKeys.load(directories[1]).open(SealedEnvelope(key_id="2026-11", box=box))


def test_a_key_id_is_no_path(directories: tuple[Path, Path]) -> None:
    with pytest.raises(EnvelopeUnreadable):
        OpeningKeys.load(directories[1]).open(SealedEnvelope(key_id="../private/2026-11", box=""))
    with pytest.raises(ValueError, match="2026-13"):
        generate_period_key("2026-13", public_dir=directories[0], private_dir=directories[1])


def test_private_keys_are_for_their_owner_and_never_replaced(
    directories: tuple[Path, Path],
) -> None:
    public, private = directories
    assert (private / "2026-11.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        generate_period_key("2026-11", public_dir=public, private_dir=private)


def test_directories_without_or_with_broken_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no sealing key"):
        SealingKeys.load(tmp_path)
    with pytest.raises(SettingsError, match="no opening key"):
        OpeningKeys.load(tmp_path)
    (tmp_path / "2026-11.pub").write_text("bm8=")
    with pytest.raises(SettingsError, match=r"2026-11\.pub"):
        SealingKeys.load(tmp_path)


def test_periods_change_at_midnight_utc() -> None:
    assert period_of(datetime.fromisoformat("2026-12-01T00:30:00+01:00")) == "2026-11"
