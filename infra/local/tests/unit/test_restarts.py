"""What keeps dying is started later each time; what was asked to end comes back at once."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from melder_local.supervisor import Supervisor, _Watched


def pauses(tmp_path: Path, status: int) -> list[float]:
    """The pauses before four restarts in a row of a part that ends with ``status``."""
    supervisor = Supervisor(
        [], logs=tmp_path, status_file=tmp_path / "s", crash_requests=tmp_path / "c"
    )
    watched = _Watched(SimpleNamespace(ended=lambda: status))  # type: ignore[arg-type]  # all it is asked
    found = []
    for _ in range(4):
        now = watched.started = time.monotonic()
        supervisor._plan_restart(watched, now)
        assert watched.again_at is not None
        found.append(watched.again_at - now)
    return found


def test_what_keeps_dying_is_started_later_each_time(tmp_path: Path) -> None:
    assert pauses(tmp_path, -9) == pytest.approx([0.2, 0.4, 0.8, 1.6])


def test_an_orderly_end_is_no_reason_to_wait(tmp_path: Path) -> None:
    assert pauses(tmp_path, 0) == pytest.approx([0.2] * 4)
