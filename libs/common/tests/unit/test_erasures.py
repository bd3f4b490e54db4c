"""The ledger of erasures: what was noted is read again, whatever happened to the file meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from melder_common.erasures import KEPT, Erasure, ErasureLedger, NoLedger

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, OTHER = Erasure("contact", UUID(int=1)), Erasure("photo", UUID(int=2))


def test_every_process_writes_its_own_file_and_reads_all(tmp_path: Path) -> None:
    first, second = (ErasureLedger(tmp_path, "notify", host) for host in ("a:1", "../b:2"))
    first.add(ONE, NOW)
    second.add(OTHER, NOW)
    second.add(ONE, NOW)
    assert sorted(first.read(), key=str) == sorted([ONE, OTHER], key=str)
    assert len(list((tmp_path / "notify").iterdir())) == 2
    assert not list(tmp_path.parent.glob("b-2*"))


def test_a_torn_line_hides_no_other(tmp_path: Path) -> None:
    ledger = ErasureLedger(tmp_path, "notify", "a")
    ledger.add(ONE, NOW)
    (file,) = (tmp_path / "notify").iterdir()
    with file.open("a") as torn:
        torn.write("contact 0000000\n")
    ledger.add(OTHER, NOW)
    assert ledger.read() == [ONE, OTHER]


def test_lines_go_when_no_backup_can_need_them_any_more(tmp_path: Path) -> None:
    ledger = ErasureLedger(tmp_path, "notify", "a")
    ledger.add(ONE, NOW)
    ledger.add(OTHER, NOW + KEPT)
    assert ledger.read() == [ONE, OTHER], "a day at the edge is kept"
    ledger.add(OTHER, NOW + KEPT + timedelta(days=1))
    assert ledger.read() == [OTHER]


def test_without_a_directory_nothing_pretends_to_be_noted() -> None:
    ledger = ErasureLedger(None, "notify", "a")
    with pytest.raises(NoLedger, match="ERASURE_LEDGER"):
        ledger.add(ONE, NOW)
    with pytest.raises(NoLedger):
        ledger.read()
