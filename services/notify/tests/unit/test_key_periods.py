from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from melder_common.sealing import OpeningKeys, SealingKeys, period_of
from melder_notify.commands import operator
from melder_notify.domain.key_periods import needed_until, next_period

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], "2026-11"),
        (["2026-08"], "2026-11"),
        (["2026-11"], "2026-12"),
        (["2026-11", "2026-12"], "2027-01"),
    ],
)
def test_the_next_period(known: list[str], expected: str) -> None:
    assert next_period(known, NOW) == expected


def test_a_key_is_needed_until_the_logs_have_forgotten_its_period() -> None:
    assert needed_until("2026-11", ["2026-11"]) is None
    assert needed_until("2026-11", ["2026-11", "2027-01"]) == datetime(2027, 1, 15, tzinfo=UTC)


def test_rotate_creates_a_pair_that_fits(tmp_path: Path) -> None:
    public, private = tmp_path / "public", tmp_path / "private"
    public.mkdir()
    arguments = ["sealing-keys", "rotate", "--public-dir", str(public)]
    arguments += ["--private-dir", str(private)]
    for _ in range(2):
        outcome = CliRunner().invoke(operator, arguments)
        assert outcome.exit_code == 0, outcome.output
    assert len(list(public.glob("*.pub"))) == 2
    now = datetime.now(UTC)
    envelope = SealingKeys.load(public).seal(b"x", now)
    assert envelope.key_id == period_of(now)
    assert OpeningKeys.load(private).open(envelope) == b"x"
    assert all(path.stat().st_mode & 0o077 == 0 for path in private.glob("*.key"))


def test_destroy_wants_an_existing_key(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(
        operator,
        f"sealing-keys destroy 2026-11 --public-dir {tmp_path} --private-dir {tmp_path}",
    )
    assert outcome.exit_code == 2
